// The door: what the page sends is unknown until one of these schemas has read it.

import { z } from 'zod'
import type { Api } from '../contract/api.ts'
import type { Settings } from '../contract/data.ts'
import type { GrantFile } from '../contract/messages.ts'
import { FORMAT_IDS, PRESET_IDS, SpindleError } from '../../core/model/index.ts'

const MAX_CELLS = 4096
const MAX_MAP_CELLS = 2 ** 20
const MAX_EXTENTS = 1000
const MAX_FILES = 1000
/** A whole library may be selected. */
const MAX_ITEMS = 10_000
/** Linux's PATH_MAX; the longest of the systems we run on. */
const MAX_PATH = 4096
/** Whole lists of extents are copied as text. */
const MAX_TEXT = 1024 * 1024
/** More values than the largest honest request holds, by a wide margin. */
const MAX_VALUES = 20_000
const MAX_DEPTH = 8
/** Longer chains than any that opens. */
const MAX_CHAIN = 1000

const format = z.enum(FORMAT_IDS)
const id = z.string().min(1).max(64)
const text = z.string().max(MAX_PATH)
const bytes = z.int().nonnegative()
const options = z.record(z.string().regex(/^[a-z][a-z0-9_.-]{0,63}$/), z.union([text, z.number(), z.boolean()]))

const preset = z.enum(PRESET_IDS).exactOptional()

const createRequest = z.strictObject({
  kind: z.literal('create'),
  folder: id,
  name: text,
  format,
  virtualSize: bytes.exactOptional(),
  options,
  backing: id.exactOptional(),
  overwrite: z.boolean().exactOptional(),
  preset,
})
const convertRequest = z.strictObject({
  kind: z.literal('convert'),
  source: id,
  sourceFormat: format.exactOptional(),
  folder: id,
  name: text,
  format,
  options,
  compress: z.boolean(),
  verify: z.boolean(),
  overwrite: z.boolean().exactOptional(),
  snapshot: text.min(1).exactOptional(),
  preset,
})
const compareRequest = z.strictObject({
  kind: z.literal('compare'),
  left: id,
  leftFormat: format.exactOptional(),
  right: id,
  rightFormat: format.exactOptional(),
  leftSnapshot: text.min(1).exactOptional(),
  rightSnapshot: text.min(1).exactOptional(),
  strict: z.boolean(),
  ranges: z.boolean().exactOptional(),
})
const snapshotAction = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('create'), name: text.min(1) }),
  z.strictObject({ kind: z.literal('apply'), id: text }),
  z.strictObject({ kind: z.literal('remove'), id: text }),
  z.strictObject({ kind: z.literal('rename'), id: text, name: text.min(1) }),
])
const inPlace = { volume: id, format: format.exactOptional() }
const keepUndo = z.boolean().exactOptional()
const snapshotRequest = z.strictObject({ kind: z.literal('snapshot'), ...inPlace, action: snapshotAction, keepUndo })
const resizeRequest = z.strictObject({
  kind: z.literal('resize'),
  ...inPlace,
  virtualSize: bytes,
  shrink: z.boolean(),
  preallocation: z.enum(['off', 'metadata', 'falloc', 'full']),
  moveGpt: z.boolean().exactOptional(),
  keepUndo,
})
const checkRequest = z.strictObject({ kind: z.literal('check'), ...inPlace })
const repairRequest = z.strictObject({
  kind: z.literal('repair'),
  ...inPlace,
  mode: z.enum(['leaks', 'all']),
  keepUndo,
})
const commitRequest = z.strictObject({
  kind: z.literal('commit'),
  ...inPlace,
  depth: z.int().min(1).max(MAX_CHAIN),
  keepTop: z.boolean(),
  allowOthers: z.boolean(),
})
const rebaseRequest = z.strictObject({
  kind: z.literal('rebase'),
  ...inPlace,
  backing: id.exactOptional(),
  nameOnly: z.boolean(),
  keepUndo,
})
const amendRequest = z.strictObject({
  kind: z.literal('amend'),
  ...inPlace,
  // The page names files by ids only, and this one would be a path.
  options: options.refine((chosen) => chosen['data_file'] === undefined),
  backingFormat: format.exactOptional(),
  keepUndo,
})
const bitmapRequest = z.strictObject({
  kind: z.literal('bitmap'),
  ...inPlace,
  name: text.min(1),
  actions: z
    .array(
      z.discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('add'), granularity: bytes.exactOptional() }),
        z.strictObject({ kind: z.enum(['remove', 'clear', 'enable', 'disable']) }),
        z.strictObject({ kind: z.literal('merge'), from: text.min(1) }),
      ]),
    )
    .min(1)
    .max(8),
  keepUndo,
})
const mapRequest = z.strictObject({
  space: z.enum(['guest', 'file']),
  offset: bytes,
  cellSize: z.int().min(1),
  cellCount: z.int().min(1).max(MAX_MAP_CELLS),
})
const compactRequest = z.strictObject({ kind: z.literal('compact'), ...inPlace })
const bypassRequest = z.strictObject({ kind: z.literal('bypass'), ...inPlace, trash: z.boolean().exactOptional() })
/** Longer than what anyone types, or keeps in a file. */
const MAX_SECRET = 4096
const secret = z.instanceof(Uint8Array).refine((value) => value.length <= MAX_SECRET)
const unlockRequest = z.strictObject({
  volume: id,
  passphrase: secret,
  remember: z.boolean(),
  evenLong: z.boolean(),
})
const keyChange = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('add'), known: secret, added: secret }),
  z.strictObject({ kind: z.literal('replace'), known: secret, added: secret }),
  z.strictObject({ kind: z.literal('remove'), known: secret, slot: z.int().min(0).max(31), evenLast: z.boolean() }),
])
const ids = z.array(id).min(1).max(MAX_ITEMS)
const moveRequest = z.strictObject({ kind: z.literal('move'), volume: id, folder: id.exactOptional(), name: text })
const copyRequest = z.strictObject({ kind: z.literal('copy'), volume: id, folder: id, name: text })
const trashRequest = z.strictObject({ kind: z.literal('trash'), volumes: ids, allowDependents: z.boolean() })
const restoreRequest = z.strictObject({ kind: z.literal('restore'), items: ids })
const emptyTrashRequest = z.strictObject({ kind: z.literal('empty-trash'), items: ids })
export const settingsSchema = z.strictObject({
  theme: z.enum(['system', 'light', 'dark']),
  density: z.enum(['comfortable', 'compact']),
  sidebarOpen: z.boolean(),
  inspectorOpen: z.boolean(),
  verifyConversions: z.boolean(),
  keepUndo: z.boolean(),
  newFormat: format,
  hiddenColumns: z.array(z.string().max(64)).max(64).readonly(),
  trashDays: z.int().min(1).max(3650),
  sort: z.strictObject({ column: z.string().max(64), descending: z.boolean() }),
}) satisfies z.ZodType<Settings>
const settingsChange = z.strictObject({
  theme: settingsSchema.shape.theme.exactOptional(),
  density: settingsSchema.shape.density.exactOptional(),
  sidebarOpen: settingsSchema.shape.sidebarOpen.exactOptional(),
  inspectorOpen: settingsSchema.shape.inspectorOpen.exactOptional(),
  verifyConversions: settingsSchema.shape.verifyConversions.exactOptional(),
  keepUndo: settingsSchema.shape.keepUndo.exactOptional(),
  newFormat: settingsSchema.shape.newFormat.exactOptional(),
  hiddenColumns: settingsSchema.shape.hiddenColumns.exactOptional(),
  trashDays: settingsSchema.shape.trashDays.exactOptional(),
  sort: settingsSchema.shape.sort.exactOptional(),
}) satisfies z.ZodType<Partial<Settings>>

/** The arguments of every method. One that is missing, or reads something else than the contract says, does not compile. */
const REQUESTS = {
  formats: z.tuple([]),
  inspect: z.tuple([id]),
  contents: z.tuple([id]),
  allocation: z.tuple([id, z.int().min(1).max(MAX_CELLS)]),
  history: z.tuple([id]),
  mapCells: z.tuple([id, mapRequest]),
  mapExtents: z.tuple([id, bytes, z.int().min(1).max(MAX_EXTENTS)]),
  predictCreate: z.tuple([createRequest]),
  planConvert: z.tuple([convertRequest]),
  planResize: z.tuple([resizeRequest]),
  planCommit: z.tuple([commitRequest]),
  planCompact: z.tuple([compactRequest]),
  planBypass: z.tuple([bypassRequest]),
  planRebase: z.tuple([rebaseRequest]),
  planTrash: z.tuple([ids]),
  planMove: z.tuple([moveRequest]),
  checkBase: z.tuple([id, id]),
  trash: z.tuple([]),
  undoOffer: z.tuple([id]),
  undo: z.tuple([id]),
  keepChange: z.tuple([id]),
  lockedFile: z.tuple([id]),
  unlock: z.tuple([unlockRequest]),
  lock: z.tuple([id.nullable()]),
  holdSecret: z.tuple([secret]),
  changeKeys: z.tuple([id, keyChange]),
  backupHeader: z.tuple([id, id, text]),
  startJob: z.tuple([
    z.discriminatedUnion('kind', [
      createRequest,
      convertRequest,
      compareRequest,
      snapshotRequest,
      resizeRequest,
      checkRequest,
      repairRequest,
      commitRequest,
      rebaseRequest,
      amendRequest,
      bitmapRequest,
      bypassRequest,
      compactRequest,
      moveRequest,
      copyRequest,
      trashRequest,
      restoreRequest,
      emptyTrashRequest,
    ]),
  ]),
  cancelJob: z.tuple([id]),
  dismissJob: z.tuple([id]),
  pauseJob: z.tuple([id]),
  continueJob: z.tuple([id]),
  retryJob: z.tuple([id]),
  resumeJob: z.tuple([id]),
  discardJob: z.tuple([id]),
  activity: z.tuple([id]),
  rescan: z.tuple([]),
  overview: z.tuple([]),
  volumes: z.tuple([z.int().nonnegative()]),
  chooseFolder: z.tuple([]),
  chooseFiles: z.tuple([]),
  folder: z.tuple([id]),
  folderOf: z.tuple([id]),
  addToLibrary: z.tuple([z.array(id).max(MAX_FILES)]),
  removePlace: z.tuple([id]),
  allowOutside: z.tuple([id]),
  showInFolder: z.tuple([id]),
  copyText: z.tuple([z.string().max(MAX_TEXT)]),
  saveSettings: z.tuple([settingsChange]),
} satisfies { readonly [Method in keyof Api]: z.ZodType<Parameters<Api[Method]>> }

const requestMessage = z.strictObject({
  method: z.enum(Object.keys(REQUESTS) as (keyof Api)[]),
  args: z.array(z.unknown()).max(4),
})
const grantFiles = z.array(z.strictObject({ name: text, path: text })).max(MAX_FILES) satisfies z.ZodType<
  readonly GrantFile[]
>

/** A request of the page; throws `invalid-argument` for anything the contract does not allow. */
export function readRequest(message: unknown): { readonly method: keyof Api; readonly args: readonly unknown[] } {
  checkPlain(message)
  const { method, args } = read('request', requestMessage, message)
  const schema: z.ZodType<readonly unknown[]> = REQUESTS[method]
  return { method, args: read(method, schema, args) }
}

export function readGrantFiles(message: unknown): readonly GrantFile[] {
  checkPlain(message)
  return read('grantFiles', grantFiles, message)
}

function read<T>(what: string, schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const where = issue && issue.path.length > 0 ? ` at ${issue.path.map(String).join('.').slice(0, 80)}` : ''
  throw refusal(`${what}${where}`)
}

/**
 * Plain data of a bounded size, before any schema looks at it: schemas skip what they do not know,
 * and a key such as `__proto__` is never a mistake.
 */
function checkPlain(root: unknown): void {
  let values = 0
  const visit = (value: unknown, depth: number): void => {
    if (++values > MAX_VALUES || depth > MAX_DEPTH) throw refusal('too much at once')
    if (typeof value === 'string' && value.length > MAX_TEXT) throw refusal('too long a text')
    if (typeof value !== 'object' || value === null) return
    // Passphrases travel as bytes.
    if (value instanceof Uint8Array && value.length <= MAX_SECRET) return
    const prototype: unknown = Object.getPrototypeOf(value)
    if (Array.isArray(value)) {
      for (const item of value) visit(item, depth + 1)
      return
    }
    if (prototype !== Object.prototype && prototype !== null) throw refusal('not plain data')
    for (const key of Reflect.ownKeys(value)) {
      if (typeof key !== 'string' || key === '__proto__' || key === 'constructor' || key === 'prototype') {
        throw refusal('a forbidden key')
      }
      visit((value as Record<string, unknown>)[key], depth + 1)
    }
  }
  visit(root, 0)
}

function refusal(what: string): SpindleError {
  return new SpindleError(
    'invalid-argument',
    `The window asked for something that makes no sense (${what}). Nothing was done.`,
  )
}
