// Every kind of malformed and hostile input that is known of, as files: described, mapped, checked, repaired, converted and
// changed, each ends in bounds with the answer it should have, opens nothing that was not named, and spoils nothing.

import { lstatSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fileGate } from '../../core/image/gate.ts'
import type { OpenFile } from '../../core/image/gate.ts'
import { SpindleError } from '../../core/model/error.ts'
import type { ImageFacts } from '../../core/model/image.ts'
import type { JobResult, JobSpec } from '../../core/model/job.ts'
import { MiB } from '../../core/model/units.ts'
import { openOperations } from '../../core/operations/index.ts'
import { systemParts } from '../../core/operations/parts.ts'
import { testKeyring } from '../helpers/keyring.ts'
import { recorded } from '../helpers/run-operation.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { tally } from '../helpers/tally.ts'
import { LUKS_ROWS, QED_ROWS, VDI_ROWS, VMDK_ROWS, VPC_ROWS } from './rows/other-rows.ts'
import { QCOW2_ROWS } from './rows/qcow2-rows.ts'
import type { Answer, Row } from './rows/row.ts'
import { RAW_ROWS, VHDX_ROWS } from './rows/vhdx-rows.ts'

const ROWS = [
  ...QCOW2_ROWS,
  ...LUKS_ROWS,
  ...QED_ROWS,
  ...VDI_ROWS,
  ...VMDK_ROWS,
  ...VPC_ROWS,
  ...VHDX_ROWS,
  ...RAW_ROWS,
]

/** Of the heap and beside it, at any report of progress and at the end. */
const MOST_MEMORY = 256 * MiB
/** Of work that goes on for as long as the image says: then it is stopped, as its user would stop it. */
const MOST_STEPS = 300

type Outcome<T> = { readonly value: T } | { readonly error: SpindleError }

interface Answers {
  readonly facts: Outcome<readonly ImageFacts[]>
  readonly check: Outcome<JobResult>
  readonly copy: Outcome<JobResult>
  /** Opening it for a change. */
  readonly change: Outcome<JobResult>
  /** The image before that. */
  readonly afterReading: Buffer | undefined
}

class Trial {
  readonly folder = scratchFolder()
  readonly path = join(this.folder, 'disk')
  readonly opened: string[] = []
  readonly #row: Row
  #most = memoryUsed()
  readonly #atFirst = memoryUsed()

  constructor(row: Row) {
    this.#row = row
  }

  get memory(): number {
    return this.#most - this.#atFirst
  }

  async lay(): Promise<void> {
    for (const [name, content] of await this.#row.files()) {
      const path = join(this.folder, name)
      if (typeof content === 'string') symlinkSync(content, path)
      else writeFileSync(path, content)
    }
    if (this.#row.size !== undefined) truncateSync(this.path, this.#row.size)
  }

  async answers(): Promise<Answers> {
    const { path } = this
    const format = this.#row.format
    const operations = openOperations({ parts: this.#parts() })
    const stated = format !== undefined && { format }
    const facts = await this.#outcome(() => operations.inspect({ path, chain: false, ...stated }))
    await this.#outcome(() => this.#mapped(operations))
    const named = { path, ...stated } as { path: string }
    const check = await this.#outcome(() => this.#run(operations.run, { kind: 'check', ...named }))
    const target = join(this.folder, 'copy.qcow2')
    const converting = { kind: 'convert', source: path, ...(format !== undefined && { sourceFormat: format }), target }
    const copy = await this.#outcome(() =>
      this.#run(operations.run, {
        ...converting,
        format: 'qcow2',
        options: {},
        compress: false,
        verify: false,
      } as JobSpec),
    )
    const afterReading = this.#row.size === undefined ? contentOf(path) : undefined
    const action = { kind: 'create', name: 'now' } as const
    const change = await this.#outcome(() => this.#run(operations.run, { kind: 'snapshot', ...named, action }))
    await operations.close()
    return { facts, check, copy, change, afterReading }
  }

  async #mapped(operations: ReturnType<typeof openOperations>): Promise<void> {
    const stop = new AbortController()
    let count = 0
    const format = this.#row.format
    for await (const rows of operations.map(
      { path: this.path, ...(format !== undefined && { format }) },
      stop.signal,
    )) {
      this.#note()
      if ((count += rows.length) > MOST_STEPS) break
    }
  }

  /** Stopped after some steps: what would go on for ever can be. */
  async #run(run: ReturnType<typeof openOperations>['run'], job: JobSpec): Promise<JobResult> {
    let steps = 0
    const { context } = recorded((progress) => {
      this.#note()
      return progress.phase !== 'finish' && (steps += 1) > MOST_STEPS
    })
    return run(job, context)
  }

  async #outcome<T>(work: () => Promise<T>): Promise<Outcome<T>> {
    try {
      return { value: await work() }
    } catch (error) {
      const first: unknown = error instanceof SuppressedError ? error.suppressed : error
      if (!(first instanceof SpindleError)) throw error
      expectPlain(first)
      return { error: first }
    } finally {
      this.#note()
    }
  }

  #note(): void {
    this.#most = Math.max(this.#most, memoryUsed())
  }

  #parts(): ReturnType<typeof systemParts> {
    const parts = systemParts('shared', testKeyring())
    const openFile: OpenFile = async (path, access) => {
      const storage = await parts.openFile(path, access)
      this.opened.push(path)
      return storage
    }
    return { ...parts, openFile, look: openFile, gate: { ...fileGate(openFile), secrets: testKeyring() } }
  }
}

function memoryUsed(): number {
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

function expectPlain({ code, message }: SpindleError): void {
  expect(code).not.toBe('internal')
  expect(message).toMatch(/^\S[^]*[.]$/)
  expect(message.length).toBeLessThan(900)
  expect(message).not.toMatch(/\p{Cc}|undefined|NaN|\[object|Error:/u)
}

const codeOf = (outcome: Outcome<unknown>): string => ('error' in outcome ? outcome.error.code : 'works')

/** What speaks against the answer, in words; undefined when it is the right one. */
const JUDGES: Readonly<Record<Answer, (answers: Answers) => string | undefined>> = {
  refuse: ({ facts, copy }) => {
    if (!('error' in copy) || copy.error.code === 'cancelled') return `it is copied (${codeOf(copy)})`
    const unreadable = 'value' in facts ? facts.value[0]?.unreadable : facts.error
    // What only following shows is not known to who does not follow.
    return unreadable || ['invalid-image', 'unsupported', 'missing-file'].includes(copy.error.code)
      ? undefined
      : `it is described as sound, and not copied because of ${copy.error.code}`
  },
  open: ({ facts, copy, check }) => {
    const isSound = 'value' in facts && facts.value[0]?.unreadable === undefined
    if (!isSound || 'error' in copy) return `facts ${codeOf(facts)}, copy ${codeOf(copy)}`
    return 'error' in check && check.error.code !== 'unsupported' ? `check ${codeOf(check)}` : undefined
  },
  'read-only': ({ copy, change }) =>
    'value' in copy && 'error' in change ? undefined : `copy ${codeOf(copy)}, change ${codeOf(change)}`,
  finding: ({ facts, check, copy }) => {
    if ('error' in facts || 'error' in check || 'error' in copy) return undefined
    const [first] = facts.value
    const isTold = (first?.details.warnings?.length ?? 0) > 0 || first?.unreadable !== undefined
    const found = check.value.kind === 'check' ? (check.value.report?.findings.length ?? 0) : 0
    return isTold || found > 0 ? undefined : 'nothing is told of it'
  },
  'read-error': ({ copy }) =>
    'error' in copy && copy.error.code !== 'cancelled' ? undefined : `it is copied (${codeOf(copy)})`,
  unfollowed: ({ facts, copy }) => {
    if ('error' in facts) return `it is not described (${codeOf(facts)})`
    return 'error' in copy && copy.error.code !== 'cancelled' ? undefined : `it is copied (${codeOf(copy)})`
  },
  repair: ({ facts }) => ('value' in facts ? undefined : `it is not described (${codeOf(facts)})`),
  operation: ({ facts, change }) =>
    'value' in facts && 'error' in change ? undefined : `facts ${codeOf(facts)}, change ${codeOf(change)}`,
  bounded: ({ facts, copy }) => {
    if ('error' in facts) return `it is not described (${codeOf(facts)})`
    return ['works', 'cancelled', 'no-space', 'invalid-argument'].includes(codeOf(copy)) ? undefined : codeOf(copy)
  },
}

test('every row is there once', () => {
  expect(new Set(ROWS.map(({ id }) => id)).size).toBe(ROWS.length)
})

test.for(ROWS.map((row) => [row.id, row.what, row] as const))('%s: %s', async ([, , row]) => {
  const trial = new Trial(row)
  await trial.lay()
  const isHuge = row.size !== undefined
  const before = isHuge ? undefined : contentOf(trial.path)
  const answers = await trial.answers()
  expect(JUDGES[row.answer](answers)).toBeUndefined()
  const named = new Set(['disk', 'data', 'base', 'copy.qcow2.partial', 'disk.spindle-undo', 'copy.qcow2'])
  const strange = trial.opened.filter((path) => !named.has(path.slice(trial.folder.length + 1)))
  expect(strange).toEqual([])
  expect(trial.memory).toBeLessThan(MOST_MEMORY)
  const kept = [answers.afterReading, 'error' in answers.change && !isHuge ? contentOf(trial.path) : undefined]
  expect(kept.filter((now) => now && before && Buffer.compare(now, before) !== 0)).toEqual([])
  tally('hostile inputs', 1)
})

/** Of what is no file there is nothing to compare. */
function contentOf(path: string): Buffer {
  return lstatSync(path).isFile() ? readFileSync(path) : Buffer.alloc(0)
}
