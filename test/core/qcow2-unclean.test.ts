// Images that a program did not live to close: counted anew before they are changed, inside the change.

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openDisk } from '../../core/image/chain.ts'
import { HEADER } from '../../core/formats/qcow2/layout.ts'
import { KiB } from '../../core/model/units.ts'
import { bitmap } from '../../core/operations/bitmap.ts'
import { commit } from '../../core/operations/commit.ts'
import { systemParts } from '../../core/operations/parts.ts'
import { resize } from '../../core/operations/resize.ts'
import { snapshot } from '../../core/operations/snapshot.ts'
import { undo, undoState } from '../../core/operations/undo.ts'
import { partsDyingAfter } from '../helpers/chain.ts'
import { newestOracle } from '../helpers/oracles.ts'
import { Qemu } from '../helpers/qemu.ts'
import { recorded } from '../helpers/run-operation.ts'
import { scratchFolder } from '../helpers/scratch.ts'

const CLEAN = { corruptions: 0, leaks: 0, errors: 0 }

interface Unclean {
  readonly qemu: Qemu
  readonly path: string
  readonly before: Uint8Array
}

/** Clusters are in use that nothing counts: the program was killed before it wrote that down. */
function uncleanImage(words: readonly string[] = [], name = 'disk'): Unclean {
  const qemu = new Qemu(newestOracle(), scratchFolder())
  qemu.img('create', '-q', '-f', 'qcow2', '-o', 'lazy_refcounts=on', ...words, name, '4M')
  kill(qemu, name)
  return { qemu, path: join(qemu.folder, name), before: readFileSync(join(qemu.folder, name)) }
}

function kill({ oracle, folder }: Qemu, name: string): void {
  const commands = ['write -P 3 0 300k', 'write -P 4 1M 64k', 'flush', 'sigraise 9'].flatMap((one) => ['-c', one])
  const { signal } = spawnSync(oracle.qemuIo, ['-f', 'qcow2', ...commands, name], { cwd: folder })
  if (signal !== 'SIGKILL') throw new Error('qemu-io lived on')
}

async function contentOf(path: string): Promise<Uint8Array> {
  const disk = await openDisk(await systemParts().openFile(path, 'read'), { ...systemParts(), access: 'read' })
  const bytes = new Uint8Array(64 * KiB)
  await disk.read(0, bytes)
  await disk.close()
  return bytes
}

test('it is read as it is, and counted anew when it is opened for writing', async () => {
  const { qemu, path, before } = uncleanImage()
  expect(qemu.check('disk').corruptions).toBeGreaterThan(0)
  expect((await contentOf(path)).every((byte) => byte === 3)).toBe(true)
  expect(Buffer.compare(readFileSync(path), before)).toBe(0)
  const how = { ...systemParts(), format: 'qcow2', access: 'write' } as const
  await using disk = await openDisk(await systemParts().openFile(path, 'write'), how)
  expect((await disk.top.describe()).dirty).toBe(false)
  await disk.write(2048 * KiB, new Uint8Array(64 * KiB).fill(9))
  await disk.close()
  expect(qemu.check('disk')).toMatchObject(CLEAN)
  const content = qemu.content('disk')
  expect([content[0], content[1024 * KiB], content[2048 * KiB]]).toEqual([3, 4, 9])
})

test('a change of it can be taken back together with the counting', async () => {
  const { qemu, path, before } = uncleanImage()
  const job = { kind: 'snapshot', path, action: { kind: 'create', name: 'first' }, keepUndo: true } as const
  await snapshot(job, recorded().context, systemParts())
  expect(qemu.check('disk')).toMatchObject(CLEAN)
  expect(qemu.content('disk', '-l', 'first')[0]).toBe(3)
  await undo(path)
  expect(Buffer.compare(readFileSync(path), before)).toBe(0)
})

test('a change of it that is cut off leads back to what it was', async () => {
  for (let changes = 0, done = false; !done; changes += 1 + Math.floor(changes / 4)) {
    const { qemu, path, before } = uncleanImage()
    const job = { kind: 'resize', path, virtualSize: 8 * 1024 * KiB, shrink: false, preallocation: 'off' } as const
    done = await resize(job, recorded().context, partsDyingAfter(changes)).then(
      () => true,
      () => false,
    )
    const state = await undoState(path)
    if (state?.complete === false) await undo(path)
    const isBefore = Buffer.compare(readFileSync(path), before) === 0
    expect(isBefore || qemu.check('disk').corruptions === 0, `after ${changes} changes`).toBe(true)
  }
})

test('both of a chain are committed', async () => {
  const { qemu, path } = uncleanImage([], 'base')
  qemu.img('create', '-q', '-f', 'qcow2', '-b', 'base', '-F', 'qcow2', '-o', 'lazy_refcounts=on', 'top')
  kill(qemu, 'top')
  const job = { kind: 'commit', path: join(qemu.folder, 'top'), keepTop: false, allowOthers: false } as const
  await commit(job, recorded().context, systemParts())
  for (const name of ['base', 'top']) expect(qemu.check(name)).toMatchObject(CLEAN)
  expect([qemu.content('top')[0], qemu.content('base')[1024 * KiB]]).toEqual([3, 4])
  expect(existsSync(`${path}.spindle-undo`)).toBe(false)
})

test('bitmaps stay as they are, those that were being changed as well', async () => {
  const { qemu, path } = uncleanImage()
  execFileSync(qemu.oracle.qemuImg, ['check', '-q', '-r', 'all', path])
  qemu.img('bitmap', '--add', 'disk', 'kept')
  qemu.img('bitmap', '--add', 'disk', 'broken')
  const bytes = readFileSync(path)
  const entry = bytes.indexOf('broken') - 24
  bytes.writeUInt32BE(bytes.readUInt32BE(entry + 12) | 1, entry + 12)
  bytes.writeUInt8(1, HEADER.fields.incompatible_features.offset + 7)
  writeFileSync(path, bytes)
  const job = { kind: 'bitmap', path, name: 'new', actions: [{ kind: 'add' }] } as const
  await bitmap(job, recorded().context, systemParts())
  const info = JSON.stringify(qemu.json('info', '-U', 'disk'))
  expect(['kept', 'broken', 'new'].every((name) => info.includes(`"name":"${name}"`))).toBe(true)
  expect(info).toContain('"dirty-flag":false')
  expect(qemu.check('disk')).toMatchObject(CLEAN)
})

test('one that is marked as damaged is not touched', async () => {
  const { path } = uncleanImage()
  const bytes = readFileSync(path)
  bytes.writeUInt8(3, HEADER.fields.incompatible_features.offset + 7)
  writeFileSync(path, bytes)
  const job = { kind: 'snapshot', path, action: { kind: 'create', name: 'first' } } as const
  await expect(snapshot(job, recorded().context, systemParts())).rejects.toThrow(/marked as damaged.*check and repair/)
  expect(Buffer.compare(readFileSync(path), bytes)).toBe(0)
})

test('one whose tables cannot be put right is not changed', async () => {
  const { path } = uncleanImage()
  const bytes = readFileSync(path)
  const l1 = Number(bytes.readBigUInt64BE(HEADER.fields.l1_table_offset.offset))
  // Reserved bits of the L2 entry of the second cluster.
  const l2 = Number(bytes.readBigUInt64BE(l1) & 0x00ff_ffff_ffff_fe00n)
  bytes.writeUInt8(0x3f | 0x80, l2 + 8)
  writeFileSync(path, bytes)
  const job = { kind: 'snapshot', path, action: { kind: 'create', name: 'first' } } as const
  await expect(snapshot(job, recorded().context, systemParts())).rejects.toThrow(/not all of its tables/)
  expect(Buffer.compare(readFileSync(path), bytes)).toBe(0)
})
