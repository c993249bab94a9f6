// `spindle info`: what an image file is.

import { errorData } from '../model/error.ts'
import type { ErrorData } from '../model/error.ts'
import type { FileFacts, ImageFacts, SnapshotFacts } from '../model/image.ts'
import { roundUp } from '../model/units.ts'
import type { Operations } from '../index.ts'
import type { CommandWords, Words } from './arguments.ts'
import { usageError } from './arguments.ts'
import { FORCE_SHARE, IMAGE_OPTS, OBJECT, OUTPUT, outputKind } from './command.ts'
import type { Command } from './command.ts'
import { printable } from './console.ts'
import { errorText, warningText } from './failure.ts'
import { backingName, chainNames, fileNamed, fileNames } from './names.ts'
import { snapshotLines } from './snapshot-list.ts'
import { jsonText, sizeText } from './wording.ts'
import type { Json } from './wording.ts'

const words: CommandWords = {
  name: 'info',
  summary: 'Tell what an image is and what lies below it',
  operands: 'FILE …',
  options: [
    { long: 'format', short: 'f', value: 'FMT', help: 'take FILE to be in this format instead of finding it out' },
    { long: 'backing-chain', short: 'b', help: 'tell of the backing files below it as well' },
    OUTPUT,
    FORCE_SHARE,
    IMAGE_OPTS,
    OBJECT,
  ],
  refused: [],
  notes: [
    'Opens FILE only; what it refers to is shown, not opened. With --backing-chain the files below it are opened, and where one is missing those above it are still told of.',
  ],
}

export const info: Command = {
  words,
  async run(given, { console, operations }) {
    const kind = outputKind(words, given)
    if (given.operands.length === 0) throw usageError(words, 'Expecting one image file name')
    const several = given.operands.length > 1
    const values: Json[] = []
    const failures: string[] = []
    let code = 0
    for (const [index, name] of given.operands.entries()) {
      try {
        const { layers, broken } = await look(name, given, operations)
        if (kind === 'human') console.out((index > 0 ? '\n' : '') + layers.map(humanText).join('\n'))
        else values.push(...valuesOf(layers, given))
        failures.push(
          ...layers.flatMap(({ facts }) => (facts.details.warnings ?? []).map(warningText)),
          ...(broken ? [errorText(broken)] : []),
        )
        if (broken) code = 1
      } catch (error) {
        // One that cannot be opened is no reason to be silent about the others.
        if (!several) throw error
        failures.push(errorText(errorData(error)))
        code = 1
      }
    }
    if (kind === 'json') console.out(`${jsonText(several ? values : (values[0] ?? null))}\n`)
    for (const failure of failures) console.error(failure)
    return code
  },
}

interface Look {
  readonly layers: readonly Shown[]
  /** Why the chain could not be followed to its end, where that was asked for. */
  readonly broken: ErrorData | undefined
}

async function look(name: string, given: Words, operations: Operations): Promise<Look> {
  const chain = given.has('backing-chain')
  const { shown, ...named } = fileNamed(name, given.text('format'), operations)
  const found = await operations.inspect({ ...named, chain })
  const names = chainNames(shown, found)
  const reason = found.at(-1)?.unreadable
  return {
    layers: found.map((facts, index) => ({ facts, name: names[index] ?? facts.path })),
    // All there is to tell of a locked image was told.
    broken: chain && reason?.code !== 'locked' ? reason : undefined,
  }
}

function valuesOf(layers: readonly Shown[], given: Words): readonly Json[] {
  const values = layers.map(jsonValue)
  return given.has('backing-chain') ? [values] : values.slice(0, 1)
}

/** What qemu-img counts a file's length in. */
const SECTOR_SIZE = 512

interface Shown {
  /** The name of the file as the user would write it. */
  readonly name: string
  readonly facts: ImageFacts
}

/** The way to the backing file from where we are, when the image holds a plain relative name; otherwise what it holds. */
function fullBackingName({ name, facts }: Shown): string | undefined {
  const path = facts.backing?.path
  const isPlain = path !== undefined && !/^[^/]*:/.test(path)
  return isPlain || facts.backing?.identity !== undefined ? backingName(name, facts) : path
}

function humanText(shown: Shown): string {
  const { name, facts } = shown
  const { format, allocatedSize, backing, details } = facts
  // What is raw may end inside a sector, which the guest sees as a whole one.
  const virtualSize = roundUp(facts.virtualSize, SECTOR_SIZE)
  const lines = [
    `image: ${name}`,
    `file format: ${format}`,
    `virtual size: ${sizeText(virtualSize)} (${virtualSize} bytes)`,
    `disk size: ${sizeText(allocatedSize)}`,
  ]
  if (details.encrypted === true) lines.push('encrypted: yes')
  if (details.clusterSize !== undefined) lines.push(`cluster_size: ${details.clusterSize}`)
  if (details.compressed === true) lines.push('compressed: yes')
  if (details.dirty === true) lines.push('cleanly shut down: no')
  if (backing) {
    const full = fullBackingName(shown)
    const actual = full === backing.path ? '' : ` (actual path: ${full ?? ''})`
    lines.push(`backing file: ${backing.path}${actual}`)
    if (backing.format !== undefined) lines.push(`backing file format: ${backing.format}`)
  }
  if (details.snapshots && details.snapshots.length > 0) {
    lines.push(...snapshotLines(details.snapshots))
  }
  const specific = specificOf(shown)
  if (specific) lines.push('Format specific information:', ...treeLines(specific, '    '))
  for (const child of childrenOf(shown)) {
    const fileLength = roundUp(child.fileSize, SECTOR_SIZE)
    lines.push(
      `Child node '/${child.name}':`,
      `    filename: ${child.path}`,
      '    protocol type: file',
      `    file length: ${sizeText(fileLength)} (${fileLength} bytes)`,
      `    disk size: ${sizeText(child.allocatedSize)}`,
    )
  }
  return lines.map((line) => `${printable(line)}\n`).join('')
}

/** Nested values with four blanks a level; list items by their number. */
function treeLines(value: object, indent: string): readonly string[] {
  return Object.entries(value).flatMap(([key, item]: [string, unknown]) => {
    const label = Array.isArray(value) ? `[${key}]` : key.replaceAll('-', ' ')
    if (typeof item === 'object' && item !== null) return [`${indent}${label}:`, ...treeLines(item, `${indent}    `)]
    return [`${indent}${label}: ${String(item)}`]
  })
}

/** Keys stand in qemu-img's order. */
function jsonValue(shown: Shown): Json {
  const { name, facts } = shown
  const { format, allocatedSize, backing, details } = facts
  return {
    children: childrenOf(shown).map((child) => ({ name: child.name, info: fileValue(child) })),
    snapshots: details.snapshots && details.snapshots.length > 0 ? details.snapshots.map(snapshotValue) : undefined,
    'backing-filename-format': backing?.format,
    'virtual-size': roundUp(facts.virtualSize, SECTOR_SIZE),
    filename: name,
    'cluster-size': details.clusterSize,
    format,
    'actual-size': allocatedSize,
    compressed: details.compressed === true ? true : undefined,
    'format-specific': specificOf(shown) && { type: format, data: specificOf(shown) as Json },
    encrypted: details.encrypted === true ? true : undefined,
    'full-backing-filename': fullBackingName(shown),
    'backing-filename': backing?.path,
    'dirty-flag': details.dirty === true,
  }
}

/** With the files of the image named as the user would. */
function specificOf({ name, facts }: Shown): Readonly<Record<string, unknown>> | undefined {
  const names = fileNames(name, facts)
  const rename = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(rename)
    if (typeof value !== 'object' || value === null) return value
    const entries = Object.entries(value).map(([key, item]: [string, unknown]) =>
      key === 'filename' && typeof item === 'string' ? [key, names.get(item) ?? item] : [key, rename(item)],
    )
    return Object.fromEntries(entries)
  }
  const { specific } = facts.details
  return specific && (rename(specific) as Readonly<Record<string, unknown>>)
}

interface Child extends FileFacts {
  /** As qemu-img calls the place the file has in the image. */
  readonly name: string
}

/** The files an image is made of, in qemu-img's order: the image itself is last. */
function childrenOf({ name, facts }: Shown): readonly Child[] {
  const [main = facts, ...others] = facts.files ?? []
  const names = fileNames(name, facts)
  const extents = others.map((file, index) => {
    return { ...file, path: names.get(file.path) ?? file.path, name: `extents.${index}` }
  })
  return [...extents.toReversed(), { ...main, path: name, name: 'file' }]
}

function fileValue({ path, fileSize, allocatedSize }: Child): Json {
  return {
    children: [],
    'virtual-size': roundUp(fileSize, SECTOR_SIZE),
    filename: path,
    format: 'file',
    'actual-size': allocatedSize,
    'format-specific': { type: 'file', data: {} },
    'dirty-flag': false,
  }
}

function snapshotValue(snapshot: SnapshotFacts): Json {
  return {
    icount: snapshot.icount,
    'vm-clock-nsec': snapshot.vmClockNanoseconds % 1e9,
    name: snapshot.name,
    'date-sec': Math.floor(snapshot.createdAt / 1000),
    'date-nsec': snapshot.nanoseconds,
    'vm-clock-sec': Math.floor(snapshot.vmClockNanoseconds / 1e9),
    id: snapshot.id,
    'vm-state-size': snapshot.vmStateSize,
  }
}
