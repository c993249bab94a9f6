// Saving what can be saved from a disk that cannot be read everywhere.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { OpenFile } from '../../../core/image/gate.ts'
import { fileGate } from '../../../core/image/gate.ts'
import { SpindleError } from '../../../core/model/error.ts'
import { KiB, MiB } from '../../../core/model/units.ts'
import { convert } from '../../../core/operations/convert.ts'
import { systemParts } from '../../../core/operations/parts.ts'
import type { Parts } from '../../../core/operations/parts.ts'
import { openFile } from '../../../core/storage/file.ts'
import { FaultyStorage } from '../../helpers/faulty-storage.ts'
import { convertJob, recorded } from '../../helpers/run-operation.ts'
import { expectSameBytes, sampleDisk } from '../../helpers/sample-disk.ts'
import { scratchFolder } from '../../helpers/scratch.ts'

/** A file on a device with bad places. */
class BadPlaces extends FaultyStorage {
  readonly bad: readonly (readonly [offset: number, length: number])[]

  constructor(inner: FaultyStorage['inner'], bad: BadPlaces['bad']) {
    super(inner, {})
    this.bad = bad
  }

  override async read(offset: number, into: Uint8Array): Promise<number> {
    const hit = this.bad.find(([start, length]) => offset < start + length && start < offset + into.length)
    if (hit) throw new SpindleError('io', `The device failed at ${hit[0]}.`, { path: this.name, offset: hit[0] })
    return super.read(offset, into)
  }
}

function partsWith(path: string, bad: BadPlaces['bad']): Parts {
  const open: OpenFile = async (name, access) => {
    const file = await openFile(name, access)
    return name === path ? new BadPlaces(file, bad) : file
  }
  return { ...systemParts(), openFile: open, gate: fileGate(open) }
}

const BAD = [
  [64 * KiB + 1024, 512],
  [3 * MiB + 700, 5000],
  [9 * MiB, 4096],
] as const

test('unreadable sectors become zeros, all others are copied, and the result names every stretch and the sum', async () => {
  const folder = scratchFolder()
  const [source, target] = [join(folder, 'disk.img'), join(folder, 'new.img')]
  const wanted = Uint8Array.from(sampleDisk(source))
  const job = convertJob(source, target, { sourceFormat: 'raw', format: 'raw', salvage: true, verify: true })
  const result = await convert(job, recorded().context, partsWith(source, BAD))
  // Sectors, since that is what a device gives up.
  const lost = [
    [64 * KiB + 1024, 512],
    [3 * MiB + 512, 5632],
    [9 * MiB, 4096],
  ] as const
  for (const [offset, length] of lost) wanted.fill(0, offset, offset + length)
  expectSameBytes(readFileSync(target), wanted)
  const sum = lost.reduce((total, [, length]) => total + length, 0)
  expect(result).toMatchObject({ lostBytes: sum })
  expect(result.warnings.map((one) => one.replace(/ could not be read.*/s, ''))).toEqual([
    ...lost.map(([offset, length]) => `error while reading offset ${offset}: ${length} bytes from there on`),
    `In all ${sum} bytes of ${source}`,
  ])
})

test('without being asked to salvage, nothing is made', async () => {
  const folder = scratchFolder()
  const [source, target] = [join(folder, 'disk.img'), join(folder, 'new.img')]
  sampleDisk(source)
  const job = convertJob(source, target, { sourceFormat: 'raw', format: 'raw' })
  await expect(convert(job, recorded().context, partsWith(source, BAD))).rejects.toMatchObject({ code: 'io' })
  expect(() => readFileSync(target)).toThrow('ENOENT')
})

test('a disk that can be read is copied without a word', async () => {
  const folder = scratchFolder()
  const [source, target] = [join(folder, 'disk.img'), join(folder, 'new.img')]
  writeFileSync(source, Buffer.alloc(MiB, 7))
  const job = convertJob(source, target, { sourceFormat: 'raw', format: 'raw', salvage: true })
  const result = await convert(job, recorded().context, systemParts())
  expect(result.warnings).toEqual([])
  expect(result).not.toHaveProperty('lostBytes')
  expectSameBytes(readFileSync(target), readFileSync(source))
})
