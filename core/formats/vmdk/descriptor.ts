// The descriptor: the text that says what the disk is made of. Read tolerantly, changed without touching the rest of it.

import { notValid, printable, unsupported } from './damage.ts'
import { MAX_EXTENTS, NO_PARENT } from './layout.ts'

export type ExtentKind = 'SPARSE' | 'FLAT' | 'ZERO' | 'VMFS' | 'VMFSSPARSE' | 'SESPARSE'

export interface ExtentLine {
  readonly access: 'RW' | 'RDONLY' | 'NOACCESS'
  readonly sectors: number
  readonly kind: ExtentKind
  /** The name of a file in the folder of the descriptor; empty for zeros. */
  readonly name: string
  /** Sectors, where the data starts in the file. */
  readonly offset: number
}

export interface Descriptor {
  /** One character a byte, so that it can be written back as it was. */
  readonly text: string
  readonly createType: string
  /** Eight hex digits; undefined where there is none. */
  readonly contentId: string | undefined
  readonly parent?: { readonly contentId: string; readonly name: string }
  readonly extents: readonly ExtentLine[]
  /** The lines `ddb.name = "value"`. */
  readonly database: ReadonlyMap<string, string>
}

const SIGNATURE = /^# disk descriptorfile/i
const SETTING = /^([A-Za-z][\w.]*)\s*=\s*(?:"([^"]*)"|(.*))$/
const EXTENT = /^(RW|RDONLY|NOACCESS)\s/
const EXTENT_PARTS = /^(RW|RDONLY|NOACCESS)\s+(-?\d+)\s+(\w+)(?:\s+"([^"]*)"(?:\s+(-?\d+))?)?(?:\s.*)?$/
/** Sectors that still fit a number of bytes. */
const MAX_SECTORS = Math.floor(Number.MAX_SAFE_INTEGER / 512)

/** Whether the beginning of a file is that of a descriptor. */
export function looksLikeDescriptor(head: Uint8Array): boolean {
  const text = latin1(head.subarray(0, 1024))
  if (SIGNATURE.test(text)) return true
  // Hand-made ones may begin with other comments, and QEMU knows them by the version.
  const first = text.split(/\r?\n/).find((line) => line.trim() !== '' && !line.startsWith('#'))
  return first !== undefined && /^version\s*=\s*[123]\s*$/.test(first)
}

/** Throws `invalid-image` or `unsupported`. `path` is the file the text is in. */
export function parseDescriptor(bytes: Uint8Array, path: string): Descriptor {
  const end = bytes.indexOf(0)
  const text = latin1(end === -1 ? bytes : bytes.subarray(0, end))
  const decode = decoderOf(text)
  const settings = new Map<string, string>()
  const extents: ExtentLine[] = []
  for (const raw of text.split('\n')) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    if (EXTENT.test(line)) {
      if (extents.length === MAX_EXTENTS)
        throw unsupported(path, `is made of more than ${MAX_EXTENTS} extents, more than any disk needs`)
      extents.push(parseExtent(line, decode, path))
      continue
    }
    const [, name, quoted, plain] = SETTING.exec(line) ?? []
    if (name !== undefined) settings.set(name, decode(quoted ?? plain ?? ''))
  }
  const createType = settings.get('createType')
  if (createType === undefined) throw notValid(path, 'its descriptor does not say what kind of disk it is (createType)')
  const contentId = parseId(settings.get('CID'))
  const parentId = parseId(settings.get('parentCID'))
  const hint = settings.get('parentFileNameHint') ?? ''
  return {
    text,
    createType,
    contentId,
    ...(parentId !== undefined && parentId !== NO_PARENT && { parent: { contentId: parentId, name: hint } }),
    extents,
    database: new Map([...settings].filter(([name]) => name.startsWith('ddb.'))),
  }
}

/** The same descriptor with another content id. Undefined where it has no place for one. */
export function withContentId({ text, contentId }: Descriptor, next: string): string | undefined {
  return contentId === undefined ? undefined : text.replace(/^(\s*CID\s*=\s*)[0-9a-f]+/im, `$1${next}`)
}

/** The same descriptor with another image below, or none. */
export function withParent(
  text: string,
  parent: { readonly contentId: string; readonly name: string } | undefined,
): string {
  const bare = text.replace(/^[ \t]*parentFileNameHint[ \t]*=.*(?:\r?\n|$)/gim, '')
  const linked = bare.replace(/^(\s*parentCID\s*=\s*)[0-9a-f]+/im, `$1${parent?.contentId ?? NO_PARENT}`)
  if (!parent) return linked
  const name = Buffer.from(parent.name).toString('latin1')
  return linked.replace(/^([ \t]*createType[ \t]*=.*?)(\r?\n|$)/im, (line, type: string, end: string) =>
    line === '' ? line : `${type}${end}parentFileNameHint="${name}"${end}`,
  )
}

/** The same descriptor with its only extent, and so the disk, of another size. */
export function withSize(text: string, sectors: number, cylinders: number): string {
  return text
    .replace(/^(\s*RW\s+)\d+/m, `$1${sectors}`)
    .replace(/^(ddb\.geometry\.cylinders\s*=\s*")\d+/m, `$1${cylinders}`)
}

export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}

function parseExtent(line: string, decode: (text: string) => string, path: string): ExtentLine {
  const [, access, sectorText, kindText = '', name, offsetText] = EXTENT_PARTS.exec(line) ?? []
  const bad = () =>
    notValid(path, `its descriptor has an extent line that makes no sense: “${printable(decode(line))}”`)
  const sectors = Number(sectorText)
  const offset = Number(offsetText ?? 0)
  if (access !== 'RW' && access !== 'RDONLY' && access !== 'NOACCESS') throw bad()
  const kind = KINDS.get(kindText)
  if (kind === undefined)
    throw unsupported(path, `has an extent of kind “${printable(kindText)}”, which Spindle cannot read`)
  if (!Number.isSafeInteger(sectors) || sectors < 0 || sectors > MAX_SECTORS) throw bad()
  if (!Number.isSafeInteger(offset) || offset < 0 || offset > MAX_SECTORS) throw bad()
  if (kind === 'FLAT' && offsetText === undefined) throw bad()
  if ((kind === 'ZERO') !== (name === undefined)) throw bad()
  const file = decode(name ?? '')
  if (kind !== 'ZERO') checkName(file, path)
  return { access, sectors, kind, name: file, offset }
}

const KINDS = new Map<string, ExtentKind>(
  (['SPARSE', 'FLAT', 'ZERO', 'VMFS', 'VMFSSPARSE', 'SESPARSE'] as const).map((kind) => [kind, kind]),
)

/** A descriptor may come from anyone, so it reaches no file but those beside it. */
function checkName(name: string, path: string): void {
  const plain = name !== '' && name !== '.' && name !== '..' && !/[/\\\0]/.test(name)
  if (plain && Buffer.byteLength(name) <= 511) return
  throw notValid(
    path,
    `it names “${printable(name)}” as part of its disk, and parts must lie in the folder of the image itself`,
  )
}

/** Ids are written with or without leading zeros. */
function parseId(text: string | undefined): string | undefined {
  return text !== undefined && /^[0-9a-f]{1,8}$/i.test(text.trim())
    ? text.trim().toLowerCase().padStart(8, '0')
    : undefined
}

function decoderOf(text: string): (latin: string) => string {
  const [, label = 'utf-8'] = /^\s*encoding\s*=\s*"?([\w-]+)/m.exec(text) ?? []
  let decoder = new TextDecoder()
  try {
    decoder = new TextDecoder(label)
  } catch {
    // An encoding nobody knows any more: names in plain ASCII are the same in all.
  }
  return (latin) => decoder.decode(Buffer.from(latin, 'latin1'))
}
