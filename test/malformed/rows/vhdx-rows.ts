// Malformed VHDX images, and paths that lead to no image at all.

import { encodeHeader } from '../../../core/formats/vhdx/headers.ts'
import { BLOCK as STATE, HEADER_OFFSETS, REGION_TABLE_OFFSETS } from '../../../core/formats/vhdx/layout.ts'
import { KiB, MiB } from '../../../core/model/units.ts'
import type { MemoryStorage } from '../../../core/storage/memory.ts'
import {
  BAT,
  DATA,
  ITEM_AT,
  LOG,
  METADATA,
  headerOf,
  putLog,
  setEntry,
  setHeaders,
  setNumber,
  setRegions,
  vhdxOf,
} from '../../helpers/vhdx-bytes.ts'
import type { LogEntrySpec } from '../../helpers/vhdx-bytes.ts'
import type { Answer, Row } from './row.ts'

type Damage = (storage: MemoryStorage) => Promise<unknown>

function row(id: string, what: string, answer: Answer, damage: Damage): Row {
  const files = async (): Promise<ReadonlyMap<string, Uint8Array>> => {
    const storage = await vhdxOf('ab.d')
    await damage(storage)
    return new Map([['disk', await storage.bytes()]])
  }
  return { id, what, answer, format: 'vhdx', files }
}

function log(change: Partial<LogEntrySpec>): Damage {
  const bytes = new Uint8Array(4 * KiB).fill(7)
  const entry = { sequence: 1n, at: 0, tail: 0, records: [{ offset: BigInt(DATA), bytes }] }
  return (storage) => putLog(storage, [{ ...entry, ...change }])
}

function number(offset: number, size: 2 | 4 | 8, value: number | bigint): Damage {
  return (storage) => setNumber(storage, offset, size, BigInt(value))
}

export const VHDX_ROWS: readonly Row[] = [
  row('x00', 'nothing', 'open', async () => undefined),
  row('x01', 'both headers damaged', 'refuse', async (storage) => {
    for (const offset of HEADER_OFFSETS) await storage.write(offset + 8, new Uint8Array(8).fill(1))
  }),
  row('x03', 'headers equally recent that differ', 'refuse', async (storage) => {
    const header = await headerOf(storage)
    await storage.write(HEADER_OFFSETS[0], encodeHeader({ ...header, data_write_guid: header.file_write_guid }))
  }),
  row('x04', 'version 2', 'refuse', (storage) => setHeaders(storage, { version: 2 })),
  row('x06', 'a log past the end', 'refuse', (storage) => setHeaders(storage, { log_length: 0xfff0_0000 })),
  row('x08', 'both region tables damaged', 'refuse', async (storage) => {
    for (const offset of REGION_TABLE_OFFSETS) await storage.write(offset + 50_000, Uint8Array.of(1))
  }),
  row('x09', 'regions that overlap', 'refuse', (storage) =>
    setRegions(storage, ([bat, meta]) => (bat && meta ? [{ ...bat, offset: METADATA }, meta] : [])),
  ),
  row('x11', 'two tables of blocks', 'refuse', (storage) =>
    setRegions(storage, (all) => all.flatMap((one) => [one, { ...one, offset: one.offset + 4 * MiB }])),
  ),
  row('x13', 'no size', 'refuse', number(METADATA + 10, 2, 2)),
  row('x14', 'a metadata item outside its region', 'refuse', number(METADATA + 32 + 16, 4, 0xffff_fff0)),
  row('x15', 'blocks of no bytes', 'refuse', number(ITEM_AT.blockSize, 4, 0)),
  row('x16', 'blocks of 3 MiB', 'refuse', number(ITEM_AT.blockSize, 4, 3 * MiB)),
  row('x18', 'sectors of 1024 bytes', 'refuse', number(ITEM_AT.logicalSector, 4, 1024)),
  row('x19', 'a size of 2^63', 'refuse', number(ITEM_AT.virtualSize, 8, 2n ** 63n)),
  row('x21', 'a table of blocks too small', 'refuse', number(ITEM_AT.virtualSize, 8, 2n ** 46n)),
  row('x23', 'a block on the log', 'finding', (storage) => setEntry(storage, 0, STATE.present, LOG)),
  row('x24', 'two blocks in one place', 'finding', (storage) => setEntry(storage, 1, STATE.present, DATA)),
  row('x26', 'a parent that is not named', 'refuse', number(ITEM_AT.flags, 4, 2)),
  row('x27', 'a size of odd bytes', 'refuse', number(ITEM_AT.virtualSize, 8, 4 * MiB + 100)),
  row('x28', 'a log to be replayed', 'repair', log({})),
  row('x30', 'a log of 2^32-1 descriptors', 'finding', log({ descriptorCount: 0xffff_ffff })),
  row(
    'x32',
    'a log that overwrites the headers',
    'refuse',
    log({
      records: [{ offset: 0x1_0000n, bytes: new Uint8Array(4 * KiB) }],
    }),
  ),
  row(
    'x33',
    'a log that writes at 2^62',
    'refuse',
    log({
      records: [{ offset: 2n ** 62n, bytes: new Uint8Array(4 * KiB) }],
    }),
  ),
  row('x35', 'a log of 2^60 zeros', 'refuse', log({ records: [{ offset: BigInt(DATA), length: 2n ** 60n }] })),
  row(
    'x36',
    'a size whose count of blocks does not fit',
    'refuse',
    number(ITEM_AT.virtualSize, 8, (2n ** 32n + 25n) * BigInt(MiB)),
  ),
  row('x37', 'a table entry that means nothing', 'finding', number(BAT, 8, 4)),
]

export const RAW_ROWS: readonly Row[] = [
  {
    id: 'r02',
    what: '1000 bytes',
    answer: 'open',
    format: 'raw',
    files: async () => new Map([['disk', new Uint8Array(1000).fill(1)]]),
  },
  { id: 'r03', what: 'a device', answer: 'refuse', files: async () => new Map([['disk', '/dev/zero']]) },
  {
    id: 'r05',
    what: 'a hole of 8 TiB',
    answer: 'bounded',
    format: 'raw',
    size: 2 ** 43,
    files: async () => new Map([['disk', new Uint8Array(512).fill(1)]]),
  },
]
