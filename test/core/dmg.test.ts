// Disk images of macOS: made here by the book, read beside QEMU, and refused in words where they are damaged.

import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { VirtualDisk } from '../../core/image/virtual-disk.ts'
import { SpindleError } from '../../core/model/error.ts'
import { openSource, systemParts } from '../../core/operations/parts.ts'
import { makeDmg } from '../helpers/dmg-bytes.ts'
import { newestOracle } from '../helpers/oracles.ts'
import { expectSameBytes } from '../helpers/sample-disk.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { randomFrom, seeds } from '../helpers/seeds.ts'

async function read(path: string): Promise<Uint8Array> {
  await using disk = await openSource(path, undefined, systemParts())
  expect(disk.top.format).toBe('dmg')
  const bytes = new Uint8Array(disk.size)
  await disk.read(0, bytes)
  return bytes
}

test.for(seeds())('reads as QEMU reads it (seed %i)', async (seed) => {
  const folder = scratchFolder()
  const path = join(folder, 'disk.dmg')
  const { image, content } = makeDmg(randomFrom(seed))
  writeFileSync(path, image)
  const { qemuImg } = newestOracle()
  const { status, stderr } = spawnSync(qemuImg, ['convert', '-f', 'dmg', '-O', 'raw', path, join(folder, 'theirs')])
  expect([status, String(stderr)]).toEqual([0, ''])
  expectSameBytes(await read(path), content)
  expectSameBytes(readFileSync(join(folder, 'theirs')), content)
})

/** Returns what went wrong. */
async function readBeginning(disk: VirtualDisk): Promise<unknown> {
  await using open = disk
  // A huge disk of nothing is a disk.
  return open.read(0, new Uint8Array(Math.min(open.size, 64 * 1024))).catch((error: unknown) => error)
}

test('one packed in a way that is not known is named, not read as something else', async () => {
  const path = join(scratchFolder(), 'disk.dmg')
  writeFileSync(path, makeDmg(randomFrom(1), ['bzip2']).image)
  await expect(read(path)).rejects.toMatchObject({ code: 'unsupported', message: expect.stringContaining('bzip2') })
})

test('cannot be written, and says so', async () => {
  const path = join(scratchFolder(), 'disk.dmg')
  const { image } = makeDmg(randomFrom(1))
  writeFileSync(path, image)
  const parts = systemParts()
  const driver = parts.drivers.find(({ format }) => format === 'dmg')
  await using layer = await driver?.open(await parts.openFile(path, 'write'), parts.gate, 'write')
  expect(layer?.writer).toBeUndefined()
  expect(layer?.unwritable).toMatchObject({ code: 'unsupported' })
})

test.for(seeds())('whatever is damaged in trailer and tables is told, or harmless (seed %i)', async (seed) => {
  const random = randomFrom(seed)
  const folder = scratchFolder()
  const { image } = makeDmg(random)
  const plist = Number(image.readBigUInt64BE(image.length - 512 + 216))
  for (let count = 0; count < 400; count += 1) {
    const broken = Buffer.from(image)
    const at = random.happens(0.5)
      ? image.length - 512 + random.below(512)
      : plist + random.below(image.length - plist - 512)
    broken[at] = random.below(256)
    if (random.happens(0.3)) broken.fill(0xff, at, Math.min(at + 8, broken.length))
    const path = join(folder, 'broken.dmg')
    writeFileSync(path, broken)
    const outcome = await openSource(path, 'dmg', systemParts()).then(readBeginning, (error: unknown) => error)
    expect(outcome === undefined || outcome instanceof SpindleError, `byte ${at}: ${String(outcome)}`).toBe(true)
  }
})
