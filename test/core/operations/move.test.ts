// Moving, copying and deleting images: with all their files, and with a thought for what lies on them.

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openOperations } from '../../../core/index.ts'
import type { JobResult, JobSpec } from '../../../core/model/job.ts'
import { MiB } from '../../../core/model/units.ts'
import { ImageLocks } from '../../../core/storage/image-locks.ts'
import { dyingAfter } from '../../helpers/dying-disk.ts'
import { newestOracle } from '../../helpers/oracles.ts'
import { recorded } from '../../helpers/run-operation.ts'
import { scratchFolder } from '../../helpers/scratch.ts'
import { randomFrom, seeds } from '../../helpers/seeds.ts'

/** Every moment is tried only where many states are asked for. */
const STEP = process.env['SPINDLE_STATES'] === undefined ? 6 : 1

const { qemuImg, qemuIo } = newestOracle()

async function run(job: JobSpec): Promise<JobResult> {
  return openOperations().run(job, recorded().context)
}

function create(path: string, ...options: readonly string[]): void {
  execFileSync(qemuImg, ['create', '-q', '-f', 'qcow2', ...options, path, '4M'])
}

function write(path: string, pattern: number, offset: string, format = 'qcow2'): void {
  execFileSync(qemuIo, ['-f', format, '-c', `write -P ${pattern} ${offset} 64k`, path], { stdio: 'ignore' })
}

/** What the guest sees, as QEMU reads it. */
function content(path: string): string {
  const raw = `${path}.read`
  execFileSync(qemuImg, ['convert', '-O', 'raw', path, raw])
  const hash = createHash('sha256').update(readFileSync(raw)).digest('hex')
  rmSync(raw)
  return hash
}

function backingOf(path: string): string {
  return (
    JSON.parse(execFileSync(qemuImg, ['info', '--output=json', path], { encoding: 'utf8' })) as {
      'backing-filename': string
    }
  )['backing-filename']
}

const CHILDREN = ['one.qcow2', 'two.qcow2', 'sub/three.qcow2'] as const

/** base.qcow2 with three images on it, one of which is in a folder below and one names it by its whole path. */
function family(): string {
  const folder = scratchFolder()
  mkdirSync(join(folder, 'sub'))
  const base = join(folder, 'base.qcow2')
  create(base)
  write(base, 1, '0')
  create(join(folder, 'one.qcow2'), '-b', 'base.qcow2', '-F', 'qcow2')
  create(join(folder, 'two.qcow2'), '-b', base, '-F', 'qcow2')
  create(join(folder, 'sub/three.qcow2'), '-b', '../base.qcow2', '-F', 'qcow2')
  for (const [index, name] of CHILDREN.entries()) write(join(folder, name), index + 2, `${index + 1}M`)
  return folder
}

function contents(folder: string): readonly string[] {
  return CHILDREN.map((name) => content(join(folder, name)))
}

test('a base that is renamed is found by all that lie on it, each by the kind of name it had', async () => {
  const folder = family()
  const before = contents(folder)
  const three = join(folder, 'sub/three.qcow2')
  const operations = openOperations({ overlaysOf: () => [three] })
  const job = { kind: 'move', path: join(folder, 'base.qcow2'), target: join(folder, 'debian 12.qcow2') } as const
  const plan = await operations.planMove(job)
  expect(plan).toMatchObject({ told: [join(folder, 'one.qcow2'), three, join(folder, 'two.qcow2')], copies: false })
  await operations.run(job, recorded().context)

  expect(backingOf(join(folder, 'one.qcow2'))).toBe('debian 12.qcow2')
  expect(backingOf(join(folder, 'two.qcow2'))).toBe(join(folder, 'debian 12.qcow2'))
  expect(backingOf(three)).toBe('../debian 12.qcow2')
  expect(contents(folder)).toEqual(before)
  expect(readdirSync(folder).toSorted()).toEqual(['debian 12.qcow2', 'one.qcow2', 'sub', 'two.qcow2'])
})

test('an image that moves to another folder keeps what it lies on, and takes its files along', async () => {
  const folder = family()
  const before = contents(folder)
  await run({ kind: 'move', path: join(folder, 'one.qcow2'), target: join(folder, 'sub/uno.qcow2') })
  expect(content(join(folder, 'sub/uno.qcow2'))).toBe(before[0])
  await run({ kind: 'move', path: join(folder, 'sub/uno.qcow2'), target: join(folder, 'one.qcow2') })
  expect(contents(folder)).toEqual(before)

  execFileSync(qemuImg, [
    'create',
    '-q',
    '-f',
    'vmdk',
    '-o',
    'subformat=monolithicFlat',
    join(folder, 'flat.vmdk'),
    '4M',
  ])
  write(join(folder, 'flat.vmdk'), 7, '1M', 'vmdk')
  const flat = content(join(folder, 'flat.vmdk'))
  await run({ kind: 'move', path: join(folder, 'flat.vmdk'), target: join(folder, 'sub/flat.vmdk') })
  expect(readdirSync(join(folder, 'sub')).toSorted()).toEqual(['flat-flat.vmdk', 'flat.vmdk', 'three.qcow2'])
  expect(content(join(folder, 'sub/flat.vmdk'))).toBe(flat)
})

test('a name that is taken, and a disk that is in use, stay as they are', async () => {
  const folder = family()
  const base = join(folder, 'base.qcow2')
  await expect(run({ kind: 'move', path: base, target: join(folder, 'one.qcow2') })).rejects.toThrow(/exists already/)
  await using held = await new ImageLocks().open(join(folder, 'two.qcow2'), 'write', 'locked')
  expect(held.writable).toBe(true)
  await expect(run({ kind: 'move', path: base, target: join(folder, 'other.qcow2') })).rejects.toThrow(
    /two\.qcow2 is in use/,
  )
  expect(readdirSync(folder).toSorted()).toEqual(['base.qcow2', 'one.qcow2', 'sub', 'two.qcow2'])
  expect(backingOf(join(folder, 'one.qcow2'))).toBe('base.qcow2')
})

test('a rename that is cut off at any moment leaves every image readable, and is ended afterwards', async () => {
  const original = family()
  const before = contents(original)
  const ends = new Set<string>()
  const folder = scratchFolder()
  const random = randomFrom(seeds()[0] ?? 0)
  for (let changes = 0, lived = false; !lived; changes += 1 + random.below(STEP)) {
    rmSync(folder, { recursive: true })
    cpSync(original, folder, { recursive: true })
    // One of the names is a whole path, which is another in each folder.
    execFileSync(qemuImg, ['rebase', '-u', '-b', join(folder, 'base.qcow2'), '-F', 'qcow2', join(folder, 'two.qcow2')])
    const operations = openOperations({ overlaysOf: () => [join(folder, 'sub/three.qcow2')] })
    const [path, target] = [join(folder, 'base.qcow2'), join(folder, 'new.qcow2')]
    const count = await dyingAfter(changes, () => operations.run({ kind: 'move', path, target }, recorded().context))
    lived = count <= changes
    await operations.endMove(path)
    const left = [...readdirSync(folder), ...readdirSync(join(folder, 'sub'))].filter((name) => !name.endsWith('.new'))
    ends.add(left.toSorted().join(' '))
    expect(contents(folder), `after ${changes} changes`).toEqual(before)
  }
  expect([...ends].toSorted()).toEqual([
    'base.qcow2 one.qcow2 sub three.qcow2 two.qcow2',
    'new.qcow2 one.qcow2 sub three.qcow2 two.qcow2',
  ])
})

test('a copy has the same bytes, the same holes, and finds what it lies on from another folder', async () => {
  const folder = family()
  const before = contents(folder)
  const sparse = join(folder, 'sparse.img')
  writeFileSync(sparse, 'start')
  execFileSync('truncate', ['-s', '64M', sparse])
  write(sparse, 9, '32M', 'raw')
  await run({ kind: 'copy', path: sparse, target: join(folder, 'sub/copy.img') })
  const [was, is] = [statSync(sparse), statSync(join(folder, 'sub/copy.img'))]
  expect(readFileSync(join(folder, 'sub/copy.img')).equals(readFileSync(sparse))).toBe(true)
  expect(is.blocks * 512).toBeLessThan(MiB)
  expect(is.size).toBe(was.size)

  const result = await run({ kind: 'copy', path: join(folder, 'one.qcow2'), target: join(folder, 'sub/one.qcow2') })
  expect(result.warnings).toHaveLength(1)
  expect(content(join(folder, 'sub/one.qcow2'))).toBe(before[0])
  expect(contents(folder)).toEqual(before)
})

test('what is deleted can be put back with all its files, and only then is gone when the trash is emptied', async () => {
  const folder = scratchFolder()
  const path = join(folder, 'disk.vmdk')
  execFileSync(qemuImg, ['create', '-q', '-f', 'vmdk', '-o', 'subformat=monolithicFlat', path, '4M'])
  const operations = openOperations()
  const trashed = await run({ kind: 'trash', paths: [join(folder, 'disk-flat.vmdk')], allowDependents: false })
  expect(readdirSync(folder)).toEqual(['.spindle-trash'])
  const [item] = await operations.trash([folder])
  expect(item).toMatchObject({ from: path, format: 'vmdk', fileCount: 2, virtualSize: 4 * MiB })
  if (trashed.kind !== 'trash' || !item) throw new Error('nothing was deleted')

  writeFileSync(path, 'another')
  await expect(run({ kind: 'restore', items: trashed.items })).rejects.toThrow(/another file of that name/)
  rmSync(path)
  await run({ kind: 'restore', items: trashed.items })
  expect(readdirSync(folder).toSorted()).toEqual(['disk-flat.vmdk', 'disk.vmdk'])

  const again = await run({ kind: 'trash', paths: [path], allowDependents: false })
  if (again.kind === 'trash') await run({ kind: 'empty-trash', items: again.items })
  expect(readdirSync(folder)).toEqual([])
})

test('an image that others lie on is deleted with them, or by who says that they may break', async () => {
  const folder = family()
  const before = contents(folder)
  const base = join(folder, 'base.qcow2')
  const three = join(folder, 'sub/three.qcow2')
  const overlaysOf = (): readonly string[] => [three]
  const operations = openOperations({ overlaysOf })
  const put = async (paths: readonly string[], allowDependents: boolean) =>
    operations.run({ kind: 'trash', paths, allowDependents }, recorded().context)
  expect((await operations.planTrash([base])).dependents).toHaveLength(3)
  await expect(put([base], false)).rejects.toThrow(/one\.qcow2/)
  expect(existsSync(base)).toBe(true)
  const all = await put([base, ...CHILDREN.map((name) => join(folder, name))], false)
  expect(await operations.trash([folder, join(folder, 'sub')])).toHaveLength(4)
  if (all.kind === 'trash') await run({ kind: 'restore', items: all.items })
  expect(contents(folder)).toEqual(before)
  const alone = await put([base], true)
  if (alone.kind === 'trash') await run({ kind: 'restore', items: alone.items })
  expect(contents(folder)).toEqual(before)
})

test('a deletion that is cut off at any moment is ended by the next look at the trash, or did not begin', async () => {
  const original = scratchFolder()
  execFileSync(qemuImg, [
    'create',
    '-q',
    '-f',
    'vmdk',
    '-o',
    'subformat=monolithicFlat',
    join(original, 'disk.vmdk'),
    '4M',
  ])
  const folder = scratchFolder()
  const path = join(folder, 'disk.vmdk')
  for (let changes = 0, lived = false; !lived; changes += 1) {
    rmSync(folder, { recursive: true })
    cpSync(original, folder, { recursive: true })
    const count = await dyingAfter(changes, () => run({ kind: 'trash', paths: [path], allowDependents: false }))
    lived = count <= changes
    const items = await openOperations().trash([folder])
    expect(items.every(({ fileCount }) => fileCount === 2)).toBe(true)
    expect(existsSync(path)).toBe(items.length === 0)
    const back = await dyingAfter(changes, () => run({ kind: 'restore', items: items.map((item) => item.path) }))
    lived &&= back <= changes
    for (const item of await openOperations().trash([folder])) await run({ kind: 'restore', items: [item.path] })
    expect(content(path)).toBe(content(join(original, 'disk.vmdk')))
  }
})
