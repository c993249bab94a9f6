// `spindle contents`: the partitions and file systems on a disk.

import { SpindleError } from '../model/error.ts'
import { FILE_SYSTEM_TITLES } from '../model/contents.ts'
import type { DiskContents, FileSystemFacts, PartitionFacts } from '../model/contents.ts'
import type { CommandWords } from './arguments.ts'
import { usageError } from './arguments.ts'
import { FORCE_SHARE, IMAGE_OPTS, OBJECT, OUTPUT, outputKind } from './command.ts'
import type { Command } from './command.ts'
import { printable } from './console.ts'
import { warningText } from './failure.ts'
import { fileNamed } from './names.ts'
import { jsonText, sizeText } from './wording.ts'
import type { Json } from './wording.ts'

const words: CommandWords = {
  name: 'contents',
  summary: 'Tell which partitions and file systems lie on a disk',
  operands: 'FILE',
  options: [
    { long: 'format', short: 'f', value: 'FMT', help: 'take FILE to be in this format instead of finding it out' },
    OUTPUT,
    FORCE_SHARE,
    IMAGE_OPTS,
    OBJECT,
  ],
  refused: [],
  notes: [
    'Reads partition tables (GPT, MBR) and the headers of file systems, through any format and its backing files; nothing is mounted or changed. What is in use is as the file system last wrote it down.',
  ],
}

export const contents: Command = {
  words,
  async run(given, { console, operations }) {
    const kind = outputKind(words, given)
    const [name, ...others] = given.operands
    if (name === undefined || others.length > 0) throw usageError(words, 'Expecting one image file name')
    const { path, format } = fileNamed(name, given.text('format'), operations)
    const found = await operations.contents({ path, ...(format !== undefined && { format }) })
    if (found.unreadable) throw SpindleError.fromData(found.unreadable)
    console.out(kind === 'json' ? `${jsonText(jsonOf(found))}\n` : humanText(found))
    if (kind === 'human') for (const problem of found.problems) console.error(warningText(printable(problem)))
    return 0
  },
}

function humanText(found: DiskContents): string {
  const { scheme, diskSize, sectorSize, diskId, partitions, fileSystem, smallestSize } = found
  const lines: string[] = []
  if (scheme === 'none') {
    lines.push(
      fileSystem
        ? `${sizeText(diskSize)}, not divided: ${fileSystemText(fileSystem)}`
        : `${sizeText(diskSize)}, not divided: nothing Spindle recognises`,
    )
  } else {
    const id = diskId === undefined ? '' : ` ${diskId}`
    lines.push(`${sizeText(diskSize)}, ${scheme.toUpperCase()}${id}, sectors of ${sectorSize} B`)
    if (fileSystem) lines.push(`All of it is also ${fileSystemText(fileSystem)}`)
    const rows = partitions.map(rowOf)
    lines.push(...aligned([['#', 'Start', 'Size', 'Type', 'Holds'], ...rows]))
  }
  if (smallestSize !== undefined) lines.push(`All of this fits in ${sizeText(smallestSize)} (${smallestSize} bytes)`)
  return `${lines.join('\n')}\n`
}

function rowOf({ index, offset, length, type, name, bootable, fileSystem }: PartitionFacts): readonly string[] {
  const made = [type, ...(bootable === true ? ['bootable'] : []), ...(name === undefined ? [] : [`“${name}”`])]
  return [
    String(index),
    sizeText(offset),
    sizeText(length),
    printable(made.join(', ')),
    fileSystem ? fileSystemText(fileSystem) : '-',
  ]
}

function fileSystemText({ kind, label, uuid, size, used }: FileSystemFacts): string {
  const parts = [
    FILE_SYSTEM_TITLES[kind],
    ...(label === undefined ? [] : [`“${label}”`]),
    ...(size === undefined
      ? []
      : [used === undefined ? sizeText(size) : `${sizeText(used)} of ${sizeText(size)} used`]),
    ...(uuid === undefined ? [] : [uuid]),
  ]
  return printable(parts.join(', '))
}

function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

function jsonOf(found: DiskContents): Json {
  const { scheme, diskSize, sectorSize, diskId, gpt, partitions, fileSystem, smallestSize, problems } = found
  return {
    'virtual-size': diskSize,
    scheme,
    'sector-size': sectorSize,
    'disk-id': diskId,
    gpt: gpt && { ...gpt },
    partitions: partitions.map((one) => ({
      index: one.index,
      start: one.offset,
      length: one.length,
      type: one.type,
      'type-code': one.typeCode,
      name: one.name,
      uuid: one.uuid,
      bootable: one.bootable,
      logical: one.logical,
      extended: one.extended,
      'file-system': one.fileSystem && fileSystemJson(one.fileSystem),
    })),
    'file-system': fileSystem && fileSystemJson(fileSystem),
    'smallest-size': smallestSize,
    problems,
  }
}

function fileSystemJson({ kind, label, uuid, size, used }: FileSystemFacts): Json {
  return { kind, label, uuid, size, used }
}
