// `spindle map`: where each part of the disk is stored.

import { dirname, resolve } from 'node:path'
import { SpindleError } from '../model/error.ts'
import type { ImageFacts, MapRow } from '../model/image.ts'
import type { CommandWords, Words } from './arguments.ts'
import { usageError } from './arguments.ts'
import { FORCE_SHARE, IMAGE_OPTS, OBJECT, OUTPUT, outputKind } from './command.ts'
import type { Command, Session } from './command.ts'
import { printable } from './console.ts'
import { numberOf } from './numbers.ts'
import { COLUMNS, ROWS, legendLines, picture, savePicture } from './map-picture.ts'
import type { PictureKind } from './map-picture.ts'
import { chainNames, fileNamed, fileNames, nameBeside } from './names.ts'

const words: CommandWords = {
  name: 'map',
  summary: 'Tell where every part of a disk is stored',
  operands: 'FILE',
  options: [
    {
      long: 'format',
      short: 'f',
      value: 'FMT',
      help: 'take FILE to be in this format instead of finding it out; png and svg draw a picture of the disk instead, which is not in qemu-img',
    },
    { long: 'picture', short: 'o', value: 'PICTURE', help: 'where the picture goes; not in qemu-img' },
    { long: 'start-offset', short: 's', value: 'OFFSET', help: 'begin at this byte of the disk, such as 1M' },
    { long: 'max-length', short: 'l', value: 'LENGTH', help: 'go on for this many bytes' },
    OUTPUT,
    FORCE_SHARE,
    IMAGE_OPTS,
    OBJECT,
  ],
  refused: [],
  notes: [
    'Human output lists plain data only and gives up where data is compressed, since that has no place of its own in a file; --output=json lists everything.',
  ],
}

export const map: Command = {
  words,
  async run(given, { console, operations, signal }) {
    const drawn = given.texts('format').find(isPicture)
    if (drawn) return draw(drawn, given, { console, operations, signal })
    const kind = outputKind(words, given)
    const [name, ...others] = given.operands
    if (name === undefined || others.length > 0) throw usageError(words, 'Expecting one image file name')
    const { path, shown, format } = fileNamed(name, given.text('format'), operations)
    const start = size(given, 'start-offset', 'start offset')
    const length = size(given, 'max-length', 'max length')
    const image = { path, ...(format !== undefined && { format }) }
    const part = { ...image, ...(start !== undefined && { start }), ...(length !== undefined && { length }) }
    const write = (text: string): void => console.out(text)
    const printer =
      kind === 'json'
        ? jsonPrinter(write, start ?? 0)
        : humanPrinter(write, namesInChain(shown, await operations.inspect({ ...image, chain: true })))
    for await (const some of operations.map(part, signal)) printer.rows(some)
    printer.end()
    return 0
  },
}

function isPicture(format: string): format is PictureKind {
  return format === 'png' || format === 'svg'
}

/** Another `-f` beside it is the image's format. */
async function draw(kind: PictureKind, given: Words, { console, operations, signal }: Session): Promise<number> {
  const target = given.text('picture')
  const [name, ...others] = given.operands
  if (name === undefined || others.length > 0) throw usageError(words, 'Expecting one image file name')
  if (target === undefined) throw usageError(words, 'A picture needs a file to go to: -o FILE')
  const stated = given.texts('format').findLast((format) => !isPicture(format))
  const { path, format } = fileNamed(name, stated, operations)
  const [facts] = await operations.inspect({ path, chain: false, ...(format !== undefined && { format }) })
  const cellSize = Math.max(1, Math.ceil((facts?.virtualSize ?? 0) / (COLUMNS * ROWS)))
  const request = { space: 'guest', offset: 0, cellSize, cellCount: COLUMNS * ROWS } as const
  const how = { patient: signal, ...(format !== undefined && { format }) }
  const cells = await operations.mapCells(path, request, how)
  await savePicture(resolve(target), target, picture(kind, cells))
  console.out(legendLines(cells))
  return 0
}

interface Printer {
  rows(rows: readonly MapRow[]): void
  end(): void
}

function jsonPrinter(write: (text: string) => void, from: number): Printer {
  let lead = '['
  return {
    rows(rows) {
      const lines = rows.map(({ start, length, depth, present, zero, data, compressed, offset }) => {
        const place = offset === undefined ? '' : `, "offset": ${offset}`
        return `{ "start": ${start}, "length": ${length}, "depth": ${depth}, "present": ${present}, "zero": ${zero}, "data": ${data}, "compressed": ${compressed}${place}}`
      })
      write(lead + lines.join(',\n'))
      lead = ',\n'
    },
    end: () => write(lead === '[' ? `[${nothingAt(from)}]\n` : ']\n'),
  }
}

/** What qemu-img says of the place behind the end of a disk. */
function nothingAt(start: number): string {
  return `{ "start": ${start}, "length": 0, "depth": 0, "present": false, "zero": false, "data": false, "compressed": false}`
}

function humanPrinter(write: (text: string) => void, names: ReadonlyMap<string, string>): Printer {
  let begun = false
  const begin = (): void => {
    if (!begun) write(line('Offset', 'Length', 'Mapped to', 'File'))
    begun = true
  }
  return {
    rows(rows) {
      begin()
      for (const { start, length, data, zero, compressed, offset, path = '' } of rows) {
        if (data && offset === undefined) throw withoutPlace(start, compressed)
        if (data && !zero) write(line(hex(start), hex(length), hex(offset ?? 0), names.get(path) ?? path))
      }
    },
    end: begin,
  }
}

/** qemu-img's words, and then what is meant. */
function withoutPlace(start: number, compressed: boolean): SpindleError {
  const state = compressed ? 'compressed' : 'encrypted'
  const usual = 'File contains external, encrypted or compressed clusters.'
  return new SpindleError(
    'unsupported',
    `${usual} From byte ${start} on the disk is ${state}, and what is ${state} has no place this list could show. Use --output=json.`,
  )
}

/** The files rows may lie in, by path, as the user would write them. */
function namesInChain(first: string, chain: readonly ImageFacts[]): ReadonlyMap<string, string> {
  const names = chainNames(first, chain)
  return new Map(
    chain.flatMap((facts, index): readonly (readonly [string, string])[] => {
      const { path, details } = facts
      const name = names[index] ?? path
      const own = [...fileNames(name, facts)]
      const { dataFile } = details
      return dataFile === undefined ? own : [...own, [resolve(dirname(path), dataFile), nameBeside(name, dataFile)]]
    }),
  )
}

function line(offset: string, length: string, place: string, file: string): string {
  return `${offset.padEnd(16)}${length.padEnd(16)}${place.padEnd(16)}${printable(file)}\n`
}

/** As C's `%#x` has it, where zero stands without its `0x`. */
function hex(value: number): string {
  return value === 0 ? '0' : `0x${value.toString(16)}`
}

function size(given: Words, option: string, what: string): number | undefined {
  const text = given.text(option)
  return text === undefined ? undefined : numberOf(what, text)
}
