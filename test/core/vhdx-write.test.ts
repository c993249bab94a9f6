// Writing into VHDX images: through the log, with new GUIDs, and in memory that does not follow the size of a block.

import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { crc32c } from '../../core/bytes/crc32c.ts'
import { vhdxDriver } from '../../core/formats/vhdx/driver.ts'
import { NO_GUID } from '../../core/bytes/guid.ts'
import { BLOCK as STATE } from '../../core/formats/vhdx/layout.ts'
import { openDisk } from '../../core/image/chain.ts'
import type { VirtualDisk } from '../../core/image/virtual-disk.ts'
import { GiB, KiB, MiB, TiB } from '../../core/model/units.ts'
import { MemoryStorage } from '../../core/storage/memory.ts'
import type { Storage } from '../../core/storage/storage.ts'
import { RecordingStorage } from '../helpers/faulty-storage.ts'
import { MemoryFolder } from '../helpers/memory-gate.ts'
import { oracles } from '../helpers/oracles.ts'
import { Qemu } from '../helpers/qemu.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { BAT, BLOCK, DATA, headerOf, lettersOf, setEntry, vhdxOf } from '../helpers/vhdx-bytes.ts'

function open(storage: Storage, access: 'read' | 'write' = 'write'): Promise<VirtualDisk> {
  return openDisk(storage, { drivers: [vhdxDriver], gate: new MemoryFolder(), format: 'vhdx', access })
}

async function create(virtualSize: number, options = {}): Promise<MemoryStorage> {
  const storage = new MemoryStorage('disk.vhdx')
  await (await vhdxDriver.build(storage, { virtualSize, options }, new MemoryFolder())).finish()
  return storage
}

async function findings(storage: Storage): Promise<readonly unknown[]> {
  return (await (await vhdxDriver.checker?.(storage))?.check())?.findings ?? []
}

test('CRC-32C is that of iSCSI, in whatever pieces it is made', () => {
  const text = new TextEncoder().encode('123456789')
  expect(crc32c(text)).toBe(0xe306_9283)
  expect(crc32c(new Uint8Array(32))).toBe(0x8a91_36aa)
  expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8_ab43)
  for (let cut = 0; cut <= text.length; cut += 1)
    expect(crc32c(text.subarray(cut), crc32c(text.subarray(0, cut)))).toBe(0xe306_9283)
})

test('a byte written into a block of 256 MiB takes a few KiB', async () => {
  const storage = await create(TiB, { block_size: 256 * MiB })
  const before = await storage.allocatedSize()
  {
    await using disk = await open(storage)
    await disk.write(700 * GiB + 12_345, Uint8Array.of(7))
    await disk.zero(300 * GiB + 5, 256 * MiB, false)
  }
  expect((await storage.allocatedSize()) - before).toBeLessThan(64 * KiB)
  await using disk = await open(storage, 'read')
  const bytes = new Uint8Array(3)
  await disk.read(700 * GiB + 12_344, bytes)
  expect([...bytes]).toEqual([0, 7, 0])
})

test('a disk of 64 TiB is written at its very end', async () => {
  const storage = await create(64 * TiB, { block_size: 256 * MiB, block_state_zero: false })
  {
    await using disk = await open(storage)
    await disk.write(64 * TiB - 512, new Uint8Array(512).fill(9))
  }
  await using disk = await open(storage, 'read')
  const bytes = new Uint8Array(512)
  await disk.read(64 * TiB - 512, bytes)
  expect(bytes).toEqual(new Uint8Array(512).fill(9))
  expect(await findings(storage)).toEqual([])
})

test('the first change gives new GUIDs, later ones of the same session do not, and reading does not', async () => {
  const storage = await vhdxOf('ab')
  const first = await headerOf(storage)
  await (await open(storage)).close()
  expect(await headerOf(storage)).toEqual(first)
  {
    await using disk = await open(storage)
    await disk.write(0, Uint8Array.of(1))
    const second = await headerOf(storage)
    expect(second.file_write_guid).not.toBe(first.file_write_guid)
    expect(second.data_write_guid).not.toBe(first.data_write_guid)
    expect(second.sequence_number).toBeGreaterThan(first.sequence_number)
    await disk.write(BLOCK, Uint8Array.of(1))
    await disk.flush()
    const third = await headerOf(storage)
    expect(third).toMatchObject({ file_write_guid: second.file_write_guid, data_write_guid: second.data_write_guid })
  }
  expect(await headerOf(storage)).toMatchObject({ log_guid: NO_GUID })
})

test('the table of blocks is never changed before the log has it', async () => {
  const storage = await vhdxOf('....')
  const recording = await RecordingStorage.over(storage)
  {
    await using disk = await open(recording)
    await disk.write(BLOCK, new Uint8Array(512).fill(1))
    await disk.flush()
  }
  const log = recording.log.map((entry) => {
    if (entry.kind !== 'write') return entry.kind
    if (entry.offset >= DATA) return 'data'
    if (entry.offset >= BAT) return 'table'
    return entry.offset >= MiB ? 'log' : 'header'
  })
  const update = ['flush', 'header', 'flush', 'header']
  expect(log).toEqual([...update, 'truncate', 'data', 'log', ...update, 'table', ...update, 'flush'])
})

test('room that was given up is used again, and what it held does not come back', async () => {
  const storage = await vhdxOf('abc')
  const size = await storage.size()
  {
    await using disk = await open(storage)
    await disk.discard(0, 2 * BLOCK)
    await disk.flush()
    await disk.write(BLOCK + 4096, new Uint8Array(512).fill(90))
    await disk.write(0, new Uint8Array(1).fill(89))
  }
  expect(await storage.size()).toBe(size)
  await using disk = await open(storage, 'read')
  const bytes = new Uint8Array(2 * BLOCK)
  await disk.read(0, bytes)
  expect(bytes.filter((byte) => byte !== 0).length).toBe(513)
  expect(await lettersOf(storage)).toBe('Y.c')
})

test('a fixed image keeps the room of all its blocks', async () => {
  const storage = await vhdxOf('ab', { subformat: 'fixed' })
  {
    await using disk = await open(storage)
    await disk.zero(0, BLOCK, true)
    await disk.discard(BLOCK, BLOCK)
  }
  const entries = new DataView(new ArrayBuffer(16))
  await storage.read(BAT, new Uint8Array(entries.buffer))
  expect([0, 8].map((at) => entries.getUint8(at))).toEqual([STATE.present, STATE.present])
  expect((await lettersOf(storage))[0]).toBe('.')
})

describe('a table that would have data written over something else', () => {
  test.for([
    ['two blocks in one place', 1, DATA],
    ['a block in the log', 1, MiB],
    ['a block in the table of blocks', 1, BAT],
    ['a block in the headers', 1, 0],
    ['a block past the end', 1, 400 * MiB],
    ['a block half over another', 0, DATA + BLOCK],
  ] as const)('is not written by: %s', async ([, index, offset]) => {
    const storage = await vhdxOf('abc')
    await setEntry(storage, index, STATE.present, offset)
    const before = await storage.bytes()
    await using disk = await open(storage)
    await expect(disk.write(2 * BLOCK, new Uint8Array(512))).rejects.toMatchObject({ code: 'invalid-image' })
    expect(Buffer.compare(await storage.bytes(), before)).toBe(0)
    expect((await findings(storage)).length).toBeGreaterThan(0)
  })
})

describe('with sectors of 4096 bytes', () => {
  test('a disk is as large as it says, and its bitmaps count in them', async () => {
    const storage = await create(40 * GiB, { logical_sector_size: 4 * KiB, block_size: MiB })
    {
      await using disk = await open(storage)
      expect(disk.size).toBe(40 * GiB)
      // The entry of the first bitmap comes after 32 GiB, not after 4.
      await disk.write(36 * GiB, new Uint8Array(4096).fill(3))
    }
    const entry = new Uint8Array(8)
    await storage.read(BAT + (36 * 1024 + 1) * 8, entry)
    expect(entry[0]).toBe(STATE.present)
    expect(await findings(storage)).toEqual([])
  })

  test('a disk of odd sectors is refused', async () => {
    await expect(create(40 * KiB + 512, { logical_sector_size: 4 * KiB })).rejects.toMatchObject({
      code: 'invalid-argument',
    })
  })
})

test.for(oracles())('what a crash leaves in the log, QEMU $version replays to the same disk', async (oracle) => {
  const qemu = new Qemu(oracle, scratchFolder(), 'vhdx')
  const storage = await vhdxOf('......')
  const recording = await RecordingStorage.over(storage)
  {
    await using disk = await open(recording)
    for (const [block, letter] of ['a', 'b', 'c'].entries()) {
      await disk.write(2 * block * BLOCK, Buffer.alloc(4096, letter))
      await disk.flush()
    }
  }
  let pending = 0
  for (let count = 0; count <= recording.log.length; count += 1) {
    const state = await recording.contentAfter(count)
    if ((await headerOf(state)).log_guid === NO_GUID) continue
    pending += 1
    const wanted = await lettersOf(state)
    writeFileSync(join(qemu.folder, 'disk'), await state.bytes())
    spawnSync(oracle.qemuImg, ['check', '-r', 'all', '-f', 'vhdx', 'disk'], { cwd: qemu.folder })
    const theirs = new MemoryStorage('disk', readFileSync(join(qemu.folder, 'disk')))
    expect(await headerOf(theirs)).toMatchObject({ log_guid: NO_GUID })
    expect(await lettersOf(theirs), `after ${count}`).toBe(wanted)
  }
  expect(pending).toBeGreaterThan(6)
})
