// The log of a VHDX image: what it holds is shown to those who read, done for those who write, and never done wrong.

import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { vhdxDriver } from '../../core/formats/vhdx/driver.ts'
import { NO_GUID } from '../../core/bytes/guid.ts'
import { HEADER_OFFSETS } from '../../core/formats/vhdx/layout.ts'
import { openDisk } from '../../core/image/chain.ts'
import type { VirtualDisk } from '../../core/image/virtual-disk.ts'
import { KiB, MiB } from '../../core/model/units.ts'
import { MemoryStorage } from '../../core/storage/memory.ts'
import type { Storage } from '../../core/storage/storage.ts'
import { RecordingStorage } from '../helpers/faulty-storage.ts'
import { MemoryFolder, readOnly } from '../helpers/memory-gate.ts'
import { oracles } from '../helpers/oracles.ts'
import { Qemu } from '../helpers/qemu.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { randomFrom, seeds } from '../helpers/seeds.ts'
import { BAT, BLOCK, DATA, LOG, headerOf, lettersOf, putLog, setHeaders, vhdxOf } from '../helpers/vhdx-bytes.ts'
import type { LogEntrySpec } from '../helpers/vhdx-bytes.ts'

const SECTOR = 4 * KiB
const LOG_LENGTH = MiB

function open(storage: Storage, access: 'read' | 'write'): Promise<VirtualDisk> {
  return openDisk(storage, { drivers: [vhdxDriver], gate: new MemoryFolder(), format: 'vhdx', access })
}

async function codes(storage: Storage): Promise<readonly string[]> {
  const report = await (await vhdxDriver.checker?.(storage))?.check()
  return report?.findings.map(({ code }) => code) ?? []
}

/** The first 4 KiB of each block of this image with other letters: as one entry, or one for each letter. */
function letters(text: string): readonly { offset: bigint; bytes: Uint8Array }[] {
  return Array.from(text, (letter, block) => ({
    offset: BigInt(DATA + block * BLOCK),
    bytes: new Uint8Array(Buffer.alloc(SECTOR, letter)),
  })).filter((_, block) => text[block] !== '-')
}

/** Entries one behind the other; all but the first go on where the one before ends. */
function sequence(texts: readonly string[], { from = 0, first = 7n } = {}): readonly LogEntrySpec[] {
  let at = from
  return texts.map((text, index) => {
    const entry = { sequence: first + BigInt(index), at: at % LOG_LENGTH, tail: from, records: letters(text) }
    at += SECTOR * (1 + entry.records.length)
    return entry
  })
}

/** With a log that should hold something and does not. */
async function broken(): Promise<MemoryStorage> {
  const storage = await vhdxOf('abc')
  await putLog(storage, sequence(['ABC']))
  await storage.write(LOG + 100, Uint8Array.of(1))
  return storage
}

describe('a log with changes that are yet to be made', () => {
  test('is shown as if they were, and not a byte is written, to those who read', async () => {
    const storage = await vhdxOf('abc')
    await putLog(storage, sequence(['A--', '-B-']))
    const before = await storage.bytes()
    expect(await lettersOf(readOnly(storage))).toBe('ABc')
    expect(await codes(readOnly(storage))).toEqual(['log-pending'])
    await using layer = await vhdxDriver.open(readOnly(storage), new MemoryFolder(), 'read')
    expect(await layer.describe()).toMatchObject({ dirty: true })
    expect(Buffer.compare(await storage.bytes(), before)).toBe(0)
  })

  test('is replayed for those who write, and empty then', async () => {
    const storage = await vhdxOf('abc')
    await putLog(storage, sequence(['A--', '-B-', 'X-C']))
    {
      await using disk = await open(storage, 'write')
      expect(disk.writable).toBe(true)
    }
    expect(await headerOf(storage)).toMatchObject({ log_guid: NO_GUID })
    expect(await lettersOf(storage)).toBe('XBC')
    expect(await codes(storage)).toEqual([])
    const first = new Uint8Array(3 * SECTOR)
    await storage.read(DATA, first)
    expect(Buffer.from(first).equals(Buffer.concat([Buffer.alloc(SECTOR, 'X'), Buffer.alloc(2 * SECTOR, 'a')]))).toBe(
      true,
    )
  })

  test('goes on at the beginning of the log', async () => {
    const storage = await vhdxOf('abc')
    await putLog(storage, sequence(['A--', 'ABC', '--X'], { from: LOG_LENGTH - 3 * SECTOR }))
    expect(await lettersOf(storage)).toBe('ABX')
  })

  test('can make the file longer, and parts of it zeros', async () => {
    const storage = await vhdxOf('ab')
    const longer = BigInt(DATA + 4 * BLOCK)
    const records = [
      { offset: BigInt(DATA), length: BigInt(BLOCK) },
      { offset: BigInt(DATA + BLOCK), length: BigInt(SECTOR) },
      { offset: BigInt(DATA + BLOCK), bytes: new Uint8Array(SECTOR).fill(88) },
    ]
    await putLog(storage, [{ sequence: 1n, at: 0, tail: 0, records, lastSize: longer }])
    expect(await lettersOf(storage)).toBe('.X')
    await (await open(storage, 'write')).close()
    expect(await lettersOf(storage)).toBe('.X')
    expect(await storage.size()).toBe(Number(longer))
  })

  test('of which only the newest part is not done yet begins there', async () => {
    const storage = await vhdxOf('abc')
    const entries = sequence(['A--', '-B-', '--C'])
    const tail = entries[2]?.at ?? 0
    await putLog(
      storage,
      entries.map((entry, index) => (index === 2 ? { ...entry, tail } : entry)),
    )
    expect(await lettersOf(storage)).toBe('abC')
  })

  test.for(oracles())('is replayed by QEMU $version to the same disk', async (oracle) => {
    const qemu = new Qemu(oracle, scratchFolder(), 'vhdx')
    const storage = await vhdxOf('abc')
    await putLog(storage, sequence(['A--', '-B-'], { from: 5 * SECTOR }))
    writeFileSync(join(qemu.folder, 'disk'), await storage.bytes())
    // It replays for those who write, and refuses those who read.
    spawnSync(oracle.qemuImg, ['check', '-r', 'all', '-f', 'vhdx', 'disk'], { cwd: qemu.folder })
    const theirs = new MemoryStorage('disk', readFileSync(join(qemu.folder, 'disk')))
    expect(await headerOf(theirs)).toMatchObject({ log_guid: NO_GUID })
    expect(await lettersOf(theirs)).toBe('ABc')
    expect(await lettersOf(storage)).toBe('ABc')
  })

  test.for(seeds())('comes out the same however often replaying it is cut off (seed %i)', async (seed) => {
    const random = randomFrom(seed)
    const storage = await vhdxOf('abcdef')
    const texts = Array.from({ length: 12 }, () =>
      Array.from({ length: 6 }, () => (random.happens(0.6) ? '-' : random.pick(['U', 'V', 'W', 'X', 'Y', 'Z']))).join(
        '',
      ),
    )
    await putLog(storage, sequence(texts, { from: SECTOR * random.below(256) }))
    const wanted = await lettersOf(storage)
    expect(wanted).not.toBe('abcdef')
    const recording = await RecordingStorage.over(storage)
    await (await open(recording, 'write')).close()
    expect(await lettersOf(storage)).toBe(wanted)
    for await (const state of recording.crashStates({ seed, limit: 60 })) {
      expect(await lettersOf(readOnly(state.storage)), state.description).toBe(wanted)
      await (await open(state.storage, 'write')).close()
      expect(await lettersOf(state.storage), `${state.description}; then replayed`).toBe(wanted)
      expect(await codes(state.storage), state.description).toEqual([])
    }
  })
})

describe('what does not count of a log', () => {
  test.for(seeds())('is an entry that was torn (seed %i)', async (seed) => {
    const random = randomFrom(seed)
    for (let round = 0; round < 20; round += 1) {
      const storage = await vhdxOf('abc')
      const [first = 0, second = 0] = await putLog(storage, sequence(['A--', 'XYZ']))
      const at = LOG + first + random.below(second)
      const byte = new Uint8Array(1)
      await storage.read(at, byte)
      await storage.write(at, Uint8Array.of((byte[0] ?? 0) ^ (1 << random.below(8))))
      expect(await lettersOf(storage), `byte ${at}`).toBe('Abc')
    }
  })

  test('are entries of an earlier use of the log, whatever their numbers', async () => {
    const storage = await vhdxOf('abc')
    const stale = sequence(['XYZ'], { from: 8 * SECTOR, first: 900n }).map((entry) => ({
      ...entry,
      guid: '11111111-2222-3333-4444-555555555555',
    }))
    await putLog(storage, [...stale, ...sequence(['A--'])])
    expect(await lettersOf(storage)).toBe('Abc')
  })

  test('is an older sequence of the same use', async () => {
    const storage = await vhdxOf('abc')
    const older = sequence(['X--', '-Y-'], { from: 32 * SECTOR, first: 3n })
    await putLog(storage, [...older, ...sequence(['A--'], { first: 9n })])
    expect(await lettersOf(storage)).toBe('Abc')
  })

  test('is what follows a gap in the numbers', async () => {
    const storage = await vhdxOf('abc')
    const [first, second] = sequence(['A--', '-B-'])
    if (!first || !second) throw new Error('there are two')
    // The later one cannot begin a sequence: it says that an earlier one is to be done before it.
    await putLog(storage, [first, { ...second, sequence: 99n }])
    expect(await lettersOf(storage)).toBe('Abc')
  })

  test('is anything while no header says that the log is in use', async () => {
    const storage = await vhdxOf('abc')
    await putLog(storage, sequence(['ABC']))
    await setHeaders(storage, { log_guid: NO_GUID })
    expect(await lettersOf(storage)).toBe('abc')
    expect(await codes(storage)).toEqual([])
  })
})

describe('a log of which nothing can be used', () => {
  test('leaves an image that can be read, and not written before a repair', async () => {
    const storage = await broken()
    const before = await storage.bytes()
    expect(await lettersOf(storage)).toBe('abc')
    await using disk = await open(storage, 'write')
    expect(disk.writable).toBe(false)
    await expect(disk.write(0, new Uint8Array(512))).rejects.toMatchObject({ code: 'invalid-image' })
    expect(await codes(storage)).toEqual(['log-damaged'])
    expect(Buffer.compare(await storage.bytes(), before)).toBe(0)
  })

  test('is emptied by a repair, when the tables are in order', async () => {
    const storage = await broken()
    const report = await (await vhdxDriver.checker?.(storage))?.repair('all')
    expect(report).toMatchObject({ corruptionsFixed: 1, after: { findings: [] } })
    await using disk = await open(storage, 'write')
    expect(disk.writable).toBe(true)
  })

  test('is kept by a repair, when the tables are not in order', async () => {
    const storage = await broken()
    await storage.write(BAT, Uint8Array.of(4))
    await (await vhdxDriver.checker?.(storage))?.repair('all')
    expect(await codes(storage)).toContain('log-damaged')
  })
})

describe('with one header damaged', () => {
  test.for(HEADER_OFFSETS)('an image opens by the other one (offset %i), and a repair makes both whole', async (at) => {
    const storage = await vhdxOf('abc')
    {
      await using disk = await open(storage, 'write')
      await disk.write(0, new Uint8Array(512).fill(90))
    }
    await storage.write(at + 20, new Uint8Array(8).fill(255))
    expect(await lettersOf(storage)).toBe('Zbc')
    expect(await codes(storage)).toEqual(['header-damaged'])
    const report = await (await vhdxDriver.checker?.(storage))?.repair('all')
    expect(report).toMatchObject({ corruptionsFixed: 1, after: { findings: [] } })
    const other = HEADER_OFFSETS.find((offset) => offset !== at) ?? 0
    await storage.write(other, new Uint8Array(SECTOR))
    expect(await lettersOf(storage)).toBe('Zbc')
  })

  test('after any moment of a change, nothing that was durable is lost', async () => {
    const storage = await vhdxOf('....')
    const recording = await RecordingStorage.over(storage)
    const durable: number[] = []
    {
      await using disk = await open(recording, 'write')
      for (const [block, letter] of ['a', 'b', 'c', 'd'].entries()) {
        await disk.write(block * BLOCK, Buffer.alloc(SECTOR, letter))
        await disk.flush()
        durable.push(recording.log.length)
      }
    }
    for (let count = 0; count <= recording.log.length; count += 1) {
      const known = durable.filter((position) => position <= count).length
      for (const at of HEADER_OFFSETS) {
        const state = await recording.contentAfter(count)
        await state.write(at, new Uint8Array(SECTOR))
        const found = await lettersOf(readOnly(state))
        expect(found.slice(0, known), `after ${count}, without the header at ${at}`).toBe('abcd'.slice(0, known))
      }
    }
  })
})
