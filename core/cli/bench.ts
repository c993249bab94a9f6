// `spindle bench`: how fast an image answers.

import { SpindleError } from '../model/error.ts'
import type { CommandWords } from './arguments.ts'
import { usageError } from './arguments.ts'
import { CACHE, FORCE_SHARE, IMAGE_OPTS, OBJECT, QUIET } from './command.ts'
import type { Command } from './command.ts'
import { fileNamed } from './names.ts'
import { MOST_COUNT, numberOf } from './numbers.ts'
import type { Bounds } from './numbers.ts'

const words: CommandWords = {
  name: 'bench',
  summary: 'Measure how fast an image answers',
  operands: 'FILE',
  options: [
    { long: 'format', short: 'f', value: 'FMT', help: 'take FILE to be in this format instead of finding it out' },
    { long: 'count', short: 'c', value: 'COUNT', help: 'number of requests; 75000 is the default' },
    { long: 'depth', short: 'd', value: 'DEPTH', help: 'requests under way at the same time; 64 is the default' },
    { long: 'offset', short: 'o', value: 'OFFSET', help: 'where the first request begins' },
    { long: 'buffer-size', short: 's', value: 'SIZE', help: 'how long each is; 4k is the default' },
    { long: 'step-size', short: 'S', value: 'SIZE', help: 'how far the next lies behind; as long as one by default' },
    { long: 'write', short: 'w', help: 'write instead of reading: what the disk holds there is lost' },
    { long: 'pattern', value: 'BYTE', help: 'the byte to write; 0 is the default' },
    { long: 'flush-interval', value: 'COUNT', help: 'make what was written durable after every COUNT requests' },
    { long: 'no-drain', help: 'accepted for scripts; Spindle never waits for other requests before it flushes' },
    { ...CACHE, allowed: { values: CACHE.allowed?.values ?? [], refusal: () => 'Invalid cache mode' } },
    {
      long: 'aio',
      short: 'i',
      value: 'MODE',
      allowed: { values: ['threads', 'native', 'io_uring'], refusal: (mode) => `Invalid aio option: ${mode}` },
      help: 'accepted for scripts; Spindle has one way of its own',
    },
    { long: 'native', short: 'n', help: 'accepted for scripts, as -i' },
    QUIET,
    OBJECT,
    FORCE_SHARE,
    IMAGE_OPTS,
  ],
  refused: [],
  notes: ['Requests that reach the end of the disk go on at its start.'],
}

export const bench: Command = {
  words,
  async run(given, { console, operations, signal }) {
    const [name, ...others] = given.operands
    if (name === undefined || others.length > 0) throw usageError(words, 'Expecting one image file name')
    const { path, format } = fileNamed(name, given.text('format'), operations)
    const number = (name: string, what: string, bounds: Bounds): number | undefined => {
      const text = given.text(name)
      return text === undefined ? undefined : numberOf(what, text, bounds)
    }
    const count = number('count', 'request count', { least: 1, most: MOST_COUNT }) ?? 75_000
    const depth = number('depth', 'queue depth', { least: 1, most: MOST_COUNT }) ?? 64
    const offset = number('offset', 'offset', {}) ?? 0
    const length = number('buffer-size', 'buffer size', { least: 1, most: MOST_COUNT }) ?? 4096
    const step = number('step-size', 'step_size', { most: MOST_COUNT }) ?? 0
    const flushEvery = number('flush-interval', 'flush interval', { most: MOST_COUNT }) ?? 0
    const pattern = number('pattern', 'pattern byte', { most: 255 }) ?? 0
    const writes = given.has('write')
    if (!writes && flushEvery > 0) {
      throw new SpindleError('invalid-argument', '--flush-interval is only available in write tests')
    }
    if (flushEvery > 0 && flushEvery < depth) {
      throw new SpindleError('invalid-argument', "Flush interval can't be smaller than depth")
    }
    const request = { count, depth, offset, length, step: step === 0 ? length : step }
    if (!given.has('quiet')) {
      const kind = writes ? 'write' : 'read'
      const place = `starting at offset ${offset}, step size ${request.step}`
      console.out(`Sending ${count} ${kind} requests, ${length} bytes each, ${depth} in parallel (${place})\n`)
      if (flushEvery > 0) console.out(`Sending flush every ${flushEvery} requests\n`)
    }
    const spec = { path, ...(format !== undefined && { format }), ...request }
    const write = { pattern, flushEvery }
    const seconds = await operations.bench({ ...spec, ...(writes && { write }) }, signal)
    if (!given.has('quiet')) console.out(`Run completed in ${seconds.toFixed(3)} seconds.\n`)
    return 0
  },
}
