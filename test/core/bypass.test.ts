// Taking an image out of the middle of its chain: every disk shows the same before, meanwhile and afterwards.

import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openOperations } from '../../core/operations/index.ts'
import { newestOracle } from '../helpers/oracles.ts'
import { Qemu } from '../helpers/qemu.ts'
import { recorded } from '../helpers/run-operation.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { spindle } from '../helpers/spindle.ts'

/** base, middle on it, and two on that: one smaller than the middle, one larger. */
function family(baseFormat: 'raw' | 'qcow2' = 'qcow2') {
  const folder = scratchFolder()
  const qemu = new Qemu(newestOracle(), folder)
  const create = (name: string, size: string, base?: string, format = 'qcow2'): string =>
    qemu.img('create', '-q', '-f', 'qcow2', ...(base === undefined ? [] : ['-b', base, '-F', format]), name, size)
  qemu.img('create', '-q', '-f', baseFormat, 'base', '8M')
  new Qemu(qemu.oracle, folder, baseFormat).io('base', ['write -P 1 0 6M'])
  create('middle', '6M', 'base', baseFormat)
  qemu.io('middle', ['write -P 2 1M 1M', 'write -z 3M 1M'])
  create('small', '4M', 'middle')
  qemu.io('small', ['write -P 3 1536k 1M'])
  create('large', '10M', 'middle')
  qemu.io('large', ['write -P 4 9M 64k'])
  const path = join(folder, 'middle')
  const operations = openOperations()
  const contents = () => ['small', 'large'].map((name) => Buffer.from(qemu.content(name)).toString('base64'))
  const baseOf = (name: string): unknown => (qemu.json('info', name) as Record<string, unknown>)['backing-filename']
  return { folder, qemu, path, operations, contents, baseOf }
}

test.for(['qcow2', 'raw'] as const)(
  'all that lie on it lie on a %s base afterwards, and read the same',
  async (format) => {
    const { folder, qemu, path, operations, contents, baseOf } = family(format)
    const before = contents()
    const plan = await operations.planBypass({ kind: 'bypass', path })
    expect(plan).toMatchObject({ base: join(folder, 'base'), children: [{ snapshots: [] }, { snapshots: [] }] })
    const { context, progress } = recorded()
    const { warnings } = await operations.run({ kind: 'bypass', path }, context)
    expect(warnings).toEqual([])
    rmSync(path)
    expect(contents()).toEqual(before)
    for (const name of ['small', 'large']) {
      expect(baseOf(name)).toBe('base')
      expect(qemu.check(name)).toMatchObject({ corruptions: 0, leaks: 0, errors: 0 })
    }
    const done = progress.filter(({ phase }) => phase === 'copy').map((one) => one.done)
    expect(done).toEqual(done.toSorted((left, right) => left - right))
    await operations.close()
  },
)

test('the image goes into the trash with nothing on it, and can be put back', async () => {
  const { folder, path, operations, contents } = family()
  const before = contents()
  const result = await operations.run({ kind: 'bypass', path, trash: true }, recorded().context)
  const items = result.kind === 'bypass' ? result.items : []
  expect(items).toHaveLength(1)
  expect(existsSync(path)).toBe(false)
  expect(contents()).toEqual(before)
  await operations.run({ kind: 'restore', items }, recorded().context)
  expect(existsSync(join(folder, 'middle'))).toBe(true)
  await operations.close()
})

test('an image that reads through it and has snapshots stops it, and nothing was changed', async () => {
  const { qemu, path, operations, contents, baseOf } = family()
  qemu.img('snapshot', '-c', 'keep', 'small')
  const before = contents()
  await expect(operations.run({ kind: 'bypass', path }, recorded().context)).rejects.toThrow(
    /small has snapshots \(“keep”\), which read through .*middle .*Nothing was changed/,
  )
  expect(contents()).toEqual(before)
  expect(baseOf('large')).toBe('middle')
  await operations.close()
})

test('on the command line, what lies on nothing else stands alone afterwards', () => {
  const { folder, qemu, contents } = family()
  const before = contents()
  for (const name of ['base', 'middle']) {
    expect(spindle(['bypass', name], { cwd: folder })).toMatchObject({
      code: 0,
      out: `Nothing lies on ${name} any more.\n`,
      error: '',
    })
    rmSync(join(folder, name))
  }
  expect(contents()).toEqual(before)
  expect(qemu.check('large').text).toBe('')
})
