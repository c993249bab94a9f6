// Every call an operation makes of the system, failing in turn: it ends in a plain sentence, nothing is lost, and no half of
// a file is left behind.

import { existsSync, readFileSync, readdirSync, truncateSync } from 'node:fs'
import fs from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { check } from '../../../core/operations/check.ts'
import { compare } from '../../../core/operations/compare.ts'
import { convert } from '../../../core/operations/convert.ts'
import { inspect } from '../../../core/operations/inspect.ts'
import { map } from '../../../core/operations/map.ts'
import type { Parts } from '../../../core/operations/parts.ts'
import { systemParts } from '../../../core/operations/parts.ts'
import { SpindleError } from '../../../core/model/error.ts'
import { openFile } from '../../../core/storage/file.ts'
import { stateOf } from '../../helpers/chain-states.ts'
import { putBack } from '../../helpers/chain.ts'
import type { Link } from '../../helpers/chain.ts'
import { TAKING_ROOM, failingParts } from '../../helpers/failing-parts.ts'
import type { Failing } from '../../helpers/failing-parts.ts'
import { FORMAT_OPERATIONS, makeImages } from '../../helpers/format-operations.ts'
import { layOut } from '../../helpers/recorded-files.ts'
import { convertJob, fingerprint, recorded } from '../../helpers/run-operation.ts'
import { scratchFolder } from '../../helpers/scratch.ts'
import { randomFrom, seeds } from '../../helpers/seeds.ts'
import { tally } from '../../helpers/tally.ts'

/** Calls that fail, for each operation and kind of fault; `SPINDLE_STATES=10000` takes every one there is. */
const POINTS = Number(process.env['SPINDLE_STATES'] ?? 1)
const SEEDS = process.env['SPINDLE_STATES'] === undefined ? seeds().slice(0, 1) : seeds()

const { context } = recorded()

const FAULTS: readonly Failing[] = [
  { code: 'io', forEver: false },
  { code: 'io', forEver: true },
  { code: 'no-space', forEver: true, calls: TAKING_ROOM },
]

type Work = (path: (name: string) => string, parts: Parts) => Promise<unknown>

/** What comes of it with the fault: the error, or nothing when it has been got over. */
async function outcomeOf(folder: string, run: Work, failing: Failing): Promise<SpindleError | undefined> {
  try {
    await run((name) => join(folder, name), failingParts(failing))
    return undefined
  } catch (error) {
    const first: unknown = error instanceof SuppressedError ? error.suppressed : error
    if (!(first instanceof SpindleError)) throw error
    return first
  }
}

/** Numbers of the calls that are to fail, of so many. */
function* points(count: number, seed: number): Generator<number> {
  const random = randomFrom(seed)
  const step = Math.max(1, count / POINTS)
  for (let at = random.below(Math.ceil(step)); at < count; at += step) yield 1 + Math.floor(at)
}

function expectPlain(error: SpindleError | undefined, what: string): void {
  if (!error) return
  expect(error.code, what).not.toBe('internal')
  expect(error.message, what).toMatch(/^\S[^]*[.]$/)
  expect(error.message, what).not.toMatch(/undefined|NaN|\[object|Error:|EIO|ENOSPC/)
}

/** What can be read, and what lies below: what an image calls itself is another each time. */
async function states(folder: string, links: readonly Link[]): Promise<readonly string[]> {
  const found: string[] = []
  for (const link of links) {
    const isThere = existsSync(join(folder, link.name))
    found.push(isThere ? (await stateOf(folder, link)).split('\n').slice(0, -1).join(' ') : 'not there')
  }
  return found
}

test.for(
  SEEDS.flatMap((seed) => FORMAT_OPERATIONS.map((one) => [`${one.kind.format}, ${one.name}`, seed, one] as const)),
)('each call failing in turn: %s (seed %i)', async ([, seed, operation]) => {
  const folder = scratchFolder()
  const links = await makeImages(folder, operation, randomFrom(seed))
  const initial = new Map(readdirSync(folder).map((name) => [name, new Uint8Array(readFileSync(join(folder, name)))]))
  const before = await states(folder, links)
  for (const fault of FAULTS) {
    layOut(folder, initial)
    const counting = failingParts(fault)
    await operation.run((name) => join(folder, name), counting)
    const after = await states(folder, links)
    for (const at of points(counting.count(), seed)) {
      layOut(folder, initial)
      const source = fingerprint(join(folder, 'other'))
      const error = await outcomeOf(folder, operation.run, { ...fault, at })
      const what = `${fault.code}${fault.forEver ? ' from then on' : ''} at call ${at}: ${error?.message ?? 'got over'}`
      expectPlain(error, what)
      expect(fingerprint(join(folder, 'other')), what).toBe(source)
      await putBack(
        folder,
        links.filter(({ name }) => existsSync(join(folder, name))),
      )
      const left = readdirSync(folder).filter((name) => name.endsWith('.partial') || name.endsWith('.spindle-undo'))
      expect(left, what).toEqual([])
      for (const [index, found] of (await states(folder, links)).entries())
        expect(error ? [before[index], after[index]] : [after[index]], what).toContain(found)
      const isMade = operation.makes !== undefined && existsSync(join(folder, operation.makes.name))
      expect(isMade && error !== undefined, what).toBe(false)
      tally('faults', 1)
    }
  }
})

const READING: Readonly<Record<string, Work>> = {
  describing: async (path, parts) => {
    const [facts] = await inspect({ path: path('top'), chain: true }, parts)
    if (facts?.unreadable) throw SpindleError.fromData(facts.unreadable)
  },
  checking: (path, parts) => check({ kind: 'check', path: path('base') }, context, parts),
  mapping: (path, parts) => Array.fromAsync(map({ path: path('top') }, context.signal, parts)),
  comparing: (path, parts) =>
    compare({ kind: 'compare', left: path('top'), right: path('base'), strict: false }, context, parts),
}

const CHAINED = FORMAT_OPERATIONS.filter(({ name }) => name === 'flattened')

test.for(CHAINED.flatMap((one) => Object.keys(READING).map((deed) => [one.kind.format, deed, one] as const)))(
  '%s changes nothing, whatever fails: %s',
  async ([, deed, operation]) => {
    const [seed = 0] = SEEDS
    const folder = scratchFolder()
    const links = await makeImages(folder, operation, randomFrom(seed))
    const before = links.map(({ name }) => fingerprint(join(folder, name)))
    const run = READING[deed] ?? (() => Promise.reject(new Error(deed)))
    const counting = failingParts({ code: 'io', forEver: false })
    await run((name) => join(folder, name), counting)
    for (const forEver of [false, true]) {
      for (const at of points(counting.count(), seed)) {
        const error = await outcomeOf(folder, run, { code: 'io', forEver, at })
        expectPlain(error, `at call ${at}`)
        expect(links.map(({ name }) => fingerprint(join(folder, name)))).toEqual(before)
        tally('faults', 1)
      }
    }
    expect(readdirSync(folder).toSorted()).toEqual(links.map(({ name }) => name).toSorted())
  },
)

/** Does `change` when the source is read for the second time. */
function partsChanging(source: string, change: () => void): Parts {
  let reads = 0
  const failing = failingParts({ code: 'io', forEver: false })
  const open: Parts['openFile'] = async (path, access) => {
    const storage = await openFile(path, access)
    if (path !== source) return storage
    return new Proxy(storage, {
      get: (target, name) => {
        if (name === 'descriptor' || name === 'readNow') return undefined
        const value: unknown = Reflect.get(target, name, target)
        if (typeof value !== 'function') return value
        return (...all: unknown[]) => {
          if (name === 'read' && (reads += 1) === 4) change()
          return (value as (...all: unknown[]) => unknown).apply(target, all)
        }
      },
    })
  }
  return { ...failing, openFile: open }
}

describe('a source that changes under the reader', () => {
  const SIZE = 8 << 20

  function newSource(): { readonly source: string; readonly target: string } {
    const folder = scratchFolder()
    const source = join(folder, 'source.img')
    fs.writeFileSync(source, randomFrom(3).bytes(SIZE))
    return { source, target: join(folder, 'target.qcow2') }
  }

  test('cut short: the copy is refused, not filled up with zeros', async () => {
    const { source, target } = newSource()
    const parts = partsChanging(source, () => truncateSync(source, SIZE / 2))
    await expect(convert(convertJob(source, target), context, parts)).rejects.toBeInstanceOf(SpindleError)
    expect(readdirSync(join(source, '..'))).toEqual(['source.img'])
  })

  test('replaced by another file of the same name: the copy is of the one that was opened', async () => {
    const { source, target } = newSource()
    const old = readFileSync(source)
    const parts = partsChanging(source, () => {
      fs.writeFileSync(`${source}.new`, randomFrom(4).bytes(SIZE))
      fs.renameSync(`${source}.new`, source)
    })
    await convert(convertJob(source, target, { format: 'raw' }), context, parts)
    expect(Buffer.compare(readFileSync(target), old)).toBe(0)
  })
})

const short = (length: unknown): number => Math.max(1, Math.floor(Number(length) / 3))
const portable: Parts['openFile'] = (path, access) => openFile(path, access, { portable: true })

test('reads and writes that come back short are gone on with', async () => {
  const folder = scratchFolder()
  const [operation] = CHAINED
  if (!operation) throw new Error('no chain')
  await makeImages(folder, operation, randomFrom(5))
  const job = convertJob(join(folder, 'top'), join(folder, 'whole'), { format: 'raw' })
  await convert(job, context, systemParts())
  const { readSync, writeSync } = fs
  type Call = (descriptor: number, buffer: Uint8Array, offset: number, length: number, position: number) => number
  vi.spyOn(fs, 'readSync').mockImplementation(((descriptor, buffer, offset, length, position) =>
    readSync(descriptor, buffer, offset, short(length), position)) as Call as typeof fs.readSync)
  vi.spyOn(fs, 'writeSync').mockImplementation(((descriptor, buffer, offset, length, position) =>
    writeSync(descriptor, buffer, offset, short(length), position)) as Call as typeof fs.writeSync)
  onTestFinished(() => void vi.restoreAllMocks())
  const inPieces = { ...job, target: join(folder, 'pieces') }
  await convert(inPieces, context, { ...systemParts(), openFile: portable })
  vi.restoreAllMocks()
  expect(Buffer.compare(readFileSync(inPieces.target), readFileSync(job.target))).toBe(0)
})

test('a clock that goes backwards disturbs nobody', async () => {
  let now = 4e12
  vi.spyOn(Date, 'now').mockImplementation(() => (now -= 3_600_000))
  onTestFinished(() => void vi.restoreAllMocks())
  for (const operation of FORMAT_OPERATIONS.filter(({ kind }) => kind.format === 'qcow2' || kind.format === 'vpc')) {
    const folder = scratchFolder()
    await makeImages(folder, operation, randomFrom(6))
    await operation.run((name) => join(folder, name), systemParts())
  }
  expect(now).toBeLessThan(4e12)
})
