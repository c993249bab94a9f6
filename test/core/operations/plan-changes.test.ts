// What is told before a chain is changed, and of what can be taken back.

import { join } from 'node:path'
import { expect, test } from 'vitest'
import { KiB, MiB } from '../../../core/model/units.ts'
import { openOperations } from '../../../core/operations/index.ts'
import { newestOracle } from '../../helpers/oracles.ts'
import { Qemu } from '../../helpers/qemu.ts'
import { recorded } from '../../helpers/run-operation.ts'
import { scratchFolder } from '../../helpers/scratch.ts'

/** A base with a mebibyte of data, and a top on it with 64 KiB more. */
function makeChain() {
  const folder = scratchFolder()
  const qemu = new Qemu(newestOracle(), folder)
  const layer = (name: string, backing: string): string =>
    qemu.img('create', '-f', 'qcow2', '-b', backing, '-F', 'qcow2', name)
  qemu.img('create', '-f', 'qcow2', 'base.qcow2', '16M')
  qemu.io('base.qcow2', ['write -P 1 0 1M'])
  layer('top.qcow2', 'base.qcow2')
  qemu.io('top.qcow2', ['write -P 2 4M 64k'])
  return { qemu, layer, at: (name: string): string => join(folder, name), operations: openOperations() }
}

test('a merge tells what it writes, who else reads through the base, and which snapshots do', async () => {
  const { qemu, layer, at, operations } = makeChain()
  const job = { kind: 'commit', path: at('top.qcow2'), keepTop: false, allowOthers: false } as const
  expect(await operations.planCommit(job)).toEqual({
    base: at('base.qcow2'),
    bytes: 64 * KiB,
    between: [],
    others: [],
    snapshots: [],
    command: ['spindle', 'commit', '-f', 'qcow2', at('top.qcow2')],
  })
  layer('other.qcow2', 'base.qcow2')
  qemu.img('snapshot', '-c', 'before', 'top.qcow2')
  expect(await operations.planCommit(job)).toMatchObject({ others: [at('other.qcow2')], snapshots: ['before'] })
  layer('above.qcow2', 'top.qcow2')
  expect(await operations.planCommit({ ...job, path: at('above.qcow2'), base: at('base.qcow2') })).toMatchObject({
    base: at('base.qcow2'),
    between: [at('top.qcow2')],
    others: [at('other.qcow2')],
    snapshots: ['before'],
  })
})

test('flattening tells what it takes in; a new name alone takes in nothing, also when the base is gone', async () => {
  const { qemu, at, operations } = makeChain()
  const job = { kind: 'rebase', path: at('top.qcow2'), nameOnly: false } as const
  expect(await operations.planRebase(job)).toMatchObject({
    bytes: MiB,
    snapshots: [],
    command: ['spindle', 'rebase', '-f', 'qcow2', '-b', '', at('top.qcow2')],
  })
  qemu.img('rebase', '-u', '-b', 'gone.qcow2', '-F', 'qcow2', 'top.qcow2')
  await expect(operations.planRebase(job)).rejects.toMatchObject({ code: 'missing-file' })
  const named = { ...job, nameOnly: true, backing: { path: 'base.qcow2', format: 'qcow2' } } as const
  expect(await operations.planRebase(named)).toMatchObject({
    bytes: 0,
    command: ['spindle', 'rebase', '-f', 'qcow2', '-u', '-b', 'base.qcow2', '-F', 'qcow2', at('top.qcow2')],
  })
})

test('a change can be taken back until something else writes to the image', async () => {
  const { qemu, at, operations } = makeChain()
  const path = at('base.qcow2')
  expect(await operations.undoOffer(path)).toBeUndefined()
  const action = { kind: 'create', name: 'before' } as const
  await operations.run({ kind: 'snapshot', path, action, keepUndo: true }, recorded().context)
  expect(await operations.undoOffer(path)).toMatchObject({ kind: 'offered', size: expect.any(Number) })
  await operations.undo(path)
  expect(await operations.undoOffer(path)).toBeUndefined()
  await operations.run({ kind: 'snapshot', path, action, keepUndo: true }, recorded().context)
  qemu.io('base.qcow2', ['write -P 3 0 64k'])
  expect(await operations.undoOffer(path)).toMatchObject({ kind: 'outdated' })
  await operations.keepChange(path)
  expect(await operations.undoOffer(path)).toBeUndefined()
  await expect(operations.undo(path)).rejects.toMatchObject({ code: 'not-found' })
})
