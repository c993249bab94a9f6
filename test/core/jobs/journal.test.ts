// The journal of jobs: what is known after a crash, and what is made of it.

import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createEngine } from '../../../core/index.ts'
import { Journal } from '../../../core/jobs/journal.ts'
import type { Engine, EngineEvents } from '../../../core/model/engine.ts'
import type { ErrorData } from '../../../core/model/error.ts'
import type { CreateJob, Job, JobSpec } from '../../../core/model/job.ts'
import { MiB } from '../../../core/model/units.ts'
import { openFile } from '../../../core/storage/file.ts'
import { UndoStorage } from '../../../core/storage/undo-storage.ts'
import { scratchFolder } from '../../helpers/scratch.ts'

const fails = (error: unknown): never => {
  throw error
}

function openJournal(folder: string): Journal {
  return Journal.open(join(folder, 'jobs.jsonl'), fails).journal
}

function create(target: string): CreateJob {
  return { kind: 'create', target, format: 'qcow2', virtualSize: MiB, options: {} }
}

interface Opened {
  readonly engine: Engine
  readonly problems: readonly ErrorData[]
  readonly ended: (id: string) => Promise<Job>
}

function openEngine(folder: string): Opened {
  const problems: ErrorData[] = []
  const waiting = new Map<string, (job: Job) => void>()
  const emit = <Name extends keyof EngineEvents>(name: Name, value: EngineEvents[Name]): void => {
    if (name === 'problem') problems.push(value as ErrorData)
    if (name !== 'job') return
    const job = value as Job
    if (job.endedAt !== undefined) waiting.get(job.id)?.(job)
  }
  const engine = createEngine({ emit, journal: join(folder, 'jobs.jsonl') })
  onTestFinished(async () => engine.close())
  const ended = async (id: string): Promise<Job> => {
    const { promise, resolve } = Promise.withResolvers<Job>()
    waiting.set(id, resolve)
    const now = (await engine.jobs()).find((job) => job.id === id)
    return now?.endedAt === undefined ? promise : now
  }
  return { engine, problems, ended }
}

/** As a program leaves it that is killed: asked for, begun, and these files made. */
async function cutOff(folder: string, spec: JobSpec, made: readonly string[], final = false): Promise<void> {
  const journal = openJournal(folder)
  await journal.asked('lost', spec, 1)
  await journal.begun('lost', 2)
  for (const path of made) {
    const isThere = await journal.making('lost', path)
    writeFileSync(path, 'half of it')
    await isThere()
  }
  if (final) journal.final('lost')
  journal.close()
}

async function interrupted(engine: Engine): Promise<readonly Job[]> {
  await expect.poll(async () => (await engine.jobs()).length).toBe(1)
  return engine.jobs()
}

test('a job that ends is remembered, with what came of it, after a new start', async () => {
  const folder = scratchFolder()
  const target = join(folder, 'a.qcow2')
  const first = openEngine(folder)
  const id = await first.engine.startJob(create(target))
  await first.ended(id)
  await first.engine.close()
  const { engine } = openEngine(folder)
  expect(await engine.activity(target)).toMatchObject([
    { id, spec: create(target), state: { kind: 'succeeded', result: { kind: 'create', path: target } } },
  ])
  expect(await engine.activity(join(folder, 'other.qcow2'))).toEqual([])
  expect(await engine.jobs()).toEqual([])
})

test('a job that was cut off is offered again; resumed, it does what was asked for', async () => {
  const folder = scratchFolder()
  const target = join(folder, 'a.qcow2')
  await cutOff(folder, create(target), [`${target}.partial`])
  const { engine, ended } = openEngine(folder)
  expect(await interrupted(engine)).toMatchObject([
    { id: 'lost', state: { kind: 'interrupted', begun: true, finished: false }, startedAt: 2 },
  ])
  await engine.resumeJob('lost')
  expect(await ended('lost')).toMatchObject({ state: { kind: 'succeeded' } })
  expect(readdirSync(folder).toSorted()).toEqual(['a.qcow2', 'jobs.jsonl'])
})

test('discarded, its file in the making goes, and it is not offered again', async () => {
  const folder = scratchFolder()
  const target = join(folder, 'a.qcow2')
  await cutOff(folder, create(target), [`${target}.partial`])
  const { engine } = openEngine(folder)
  await interrupted(engine)
  await engine.discardJob('lost')
  expect(readdirSync(folder)).toEqual(['jobs.jsonl'])
  expect(await engine.jobs()).toEqual([])
  await engine.close()
  expect(await openEngine(folder).engine.jobs()).toEqual([])
})

test('a file of that name that came from elsewhere stays', async () => {
  const folder = scratchFolder()
  const target = join(folder, 'a.qcow2')
  await cutOff(folder, create(target), [])
  writeFileSync(`${target}.partial`, 'of somebody else')
  const journal = openJournal(folder)
  await journal.making('lost', `${target}.partial`)
  journal.close()
  const { engine } = openEngine(folder)
  await interrupted(engine)
  await engine.discardJob('lost')
  expect(readFileSync(`${target}.partial`, 'utf8')).toBe('of somebody else')
})

test('a volume whose change was cut off is put back when the job is discarded', async () => {
  const folder = scratchFolder()
  const path = join(folder, 'disk.img')
  writeFileSync(path, Buffer.alloc(MiB, 'before'))
  const before = readFileSync(path)
  const journal = openJournal(folder)
  await journal.asked('lost', { kind: 'resize', path, virtualSize: 1, shrink: true, preallocation: 'off' }, 1)
  await journal.begun('lost', 2)
  {
    const isThere = await journal.making('lost', `${path}.spindle-undo`)
    await using file = await openFile(path, 'write')
    await using log = await openFile(`${path}.spindle-undo`, 'create')
    await isThere()
    await (await UndoStorage.over(file, log)).write(0, new Uint8Array(64 * 1024))
  }
  journal.close()
  expect(Buffer.compare(readFileSync(path), before)).not.toBe(0)
  const { engine } = openEngine(folder)
  await interrupted(engine)
  await engine.discardJob('lost')
  expect(Buffer.compare(readFileSync(path), before)).toBe(0)
  expect(existsSync(`${path}.spindle-undo`)).toBe(false)
})

test('a job that had done everything is not done twice', async () => {
  const folder = scratchFolder()
  const path = join(folder, 'disk.qcow2')
  await cutOff(folder, { kind: 'snapshot', path, action: { kind: 'create', name: 'a' } }, [], true)
  const { engine } = openEngine(folder)
  expect(await interrupted(engine)).toMatchObject([{ state: { kind: 'interrupted', finished: true } }])
  await expect(engine.resumeJob('lost')).rejects.toThrow('nothing to resume')
  await engine.discardJob('lost')
  expect(await engine.activity(path)).toMatchObject([{ state: { kind: 'interrupted', finished: true } }])
})

test('a job that only waited is offered as well', async () => {
  const folder = scratchFolder()
  const journal = openJournal(folder)
  await journal.asked('lost', create(join(folder, 'a.qcow2')), 1)
  journal.close()
  const { engine } = openEngine(folder)
  expect(await interrupted(engine)).toMatchObject([{ state: { kind: 'interrupted', begun: false } }])
})

test('a last line that was cut off is what a crash leaves, and nothing to complain of', async () => {
  const folder = scratchFolder()
  await cutOff(folder, create(join(folder, 'a.qcow2')), [])
  const file = join(folder, 'jobs.jsonl')
  writeFileSync(file, `${readFileSync(file, 'utf8')}{"kind":"ended","id":"lo`)
  const { engine, problems } = openEngine(folder)
  expect(await interrupted(engine)).toMatchObject([{ id: 'lost' }])
  expect(problems).toEqual([])
})

test('a damaged journal is set aside and said so', async () => {
  const folder = scratchFolder()
  writeFileSync(join(folder, 'jobs.jsonl'), 'not a journal\n{}\n')
  const { engine, problems } = openEngine(folder)
  expect(problems).toMatchObject([{ message: expect.stringContaining('jobs.broken-1.jsonl') }])
  expect(readFileSync(join(folder, 'jobs.broken-1.jsonl'), 'utf8')).toBe('not a journal\n{}\n')
  expect(await engine.jobs()).toEqual([])
})

test('where no journal can be kept, jobs run all the same, and it is said once', async () => {
  const folder = scratchFolder()
  writeFileSync(join(folder, 'in-the-way'), '')
  const { engine, problems, ended } = openEngine(join(folder, 'in-the-way'))
  const id = await engine.startJob(create(join(folder, 'a.qcow2')))
  expect(await ended(id)).toMatchObject({ state: { kind: 'succeeded' } })
  expect(problems).toHaveLength(1)
  expect(problems[0]?.message).toContain('cannot write its list of jobs')
})

test('it remembers the last five hundred jobs and every one that has not ended', async () => {
  const folder = scratchFolder()
  const target = join(folder, 'a.qcow2')
  let journal = openJournal(folder)
  await journal.asked('open', create(target), 0)
  for (let count = 1; count <= 520; count += 1) {
    await journal.asked(`job ${count}`, create(target), count)
    await journal.noteEnd(`job ${count}`, { kind: 'cancelled' }, count)
  }
  journal.close()
  journal = openJournal(folder)
  expect(journal.past(target)).toHaveLength(500)
  expect(journal.past(target)[0]?.id).toBe('job 520')
  expect(journal.unfinished().map(({ id }) => id)).toEqual(['open'])
  journal.close()
})

test('only its user may read it', () => {
  const folder = scratchFolder()
  openJournal(folder).close()
  expect(statSync(join(folder, 'jobs.jsonl')).mode & 0o777).toBe(0o600)
})
