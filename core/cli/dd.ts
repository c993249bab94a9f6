// `spindle dd`: a piece of a disk as a new image.

import type { ConvertJob } from '../model/job.ts'
import type { CommandWords } from './arguments.ts'
import { FORCE, FORCE_SHARE, IMAGE_OPTS, OBJECT, mayReplace, runMaking } from './command.ts'
import type { Command } from './command.ts'
import { targetFormat } from './create-options.ts'
import { errorText, refusal } from './failure.ts'
import { fileNamed } from './names.ts'
import { MOST_COUNT, numberOf } from './numbers.ts'
import type { Bounds } from './numbers.ts'

const words: CommandWords = {
  name: 'dd',
  summary: 'Copy a piece of a disk into a new image',
  operands: '[bs=SIZE] [count=BLOCKS] [skip=BLOCKS] if=FILE of=FILE',
  options: [
    { long: 'format', short: 'f', value: 'FMT', help: 'take the input to be in this format' },
    { long: 'output-format', short: 'O', value: 'FMT', help: 'format of the new image; raw is the default' },
    FORCE,
    OBJECT,
    FORCE_SHARE,
    IMAGE_OPTS,
  ],
  refused: [],
  describedOperands: Infinity,
  notes: [
    'Blocks are 512 bytes unless bs says otherwise. As in qemu-img, count tells where the piece ends, counted from the start of the disk, and skip where it begins.',
  ],
}

const KNOWN = new Set(['if', 'of', 'bs', 'count', 'skip'])

export const dd: Command = {
  words,
  async run(given, session) {
    const { console, operations } = session
    const said = operandsOf(given.operands)
    const [input, output] = [said.get('if'), said.get('of')]
    if (input === undefined || output === undefined) throw refusal('Must specify both input and output files')
    const format = targetFormat(given.text('output-format') ?? 'raw', operations)
    const number = (name: string, bounds: Bounds = {}): number | undefined => {
      const text = said.get(name)
      return text === undefined ? undefined : numberOf(name, text, bounds)
    }
    const blockSize = number('bs', { least: 1, most: MOST_COUNT }) ?? 512
    const [count, skip] = [number('count') ?? Infinity, number('skip') ?? 0]
    const from = fileNamed(input, given.text('format'), operations)
    const named = { path: from.path, ...(from.format !== undefined && { format: from.format }) }
    const [facts] = await operations.inspect({ ...named, chain: false })
    const size = facts?.virtualSize ?? 0
    const end = Math.min(size, count * blockSize)
    const start = skip * blockSize
    if (start > end) console.error(errorText({ message: `${from.shown}: cannot skip to specified offset` }))
    const offset = Math.min(start, end)
    const job: ConvertJob = {
      kind: 'convert',
      source: from.path,
      ...(from.format !== undefined && { sourceFormat: from.format }),
      range: { offset, length: end - offset },
      target: fileNamed(output, undefined, operations).path,
      format: format.format,
      options: {},
      compress: false,
      verify: false,
      overwrite: mayReplace(given),
    }
    await runMaking(job, session, () => {})
    return 0
  },
}

function operandsOf(operands: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    operands.map((operand) => {
      const [name = '', ...value] = operand.split('=')
      if (!KNOWN.has(name)) throw refusal(`unrecognized operand ${name}`)
      return [name, value.join('=')]
    }),
  )
}
