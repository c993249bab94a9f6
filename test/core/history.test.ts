// The history of a disk: files over files and the snapshots inside them, as they really came about.

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { HistoryNode } from '../../core/model/history.ts'
import { openOperations } from '../../core/operations/index.ts'
import { newestOracle } from '../helpers/oracles.ts'
import { Qemu } from '../helpers/qemu.ts'
import { scratchFolder } from '../helpers/scratch.ts'

const CLUSTER = 65_536

function start() {
  const folder = scratchFolder()
  const qemu = new Qemu(newestOracle(), folder)
  const operations = openOperations()
  const at = (name: string): string => join(folder, name)
  const over = (name: string, base: string): string =>
    qemu.img('create', '-q', '-f', 'qcow2', '-b', base, '-F', 'qcow2', name)
  const nodes = async (name: string): Promise<readonly HistoryNode[]> =>
    (await operations.history({ path: at(name) }, new AbortController().signal)).nodes
  return { qemu, at, over, nodes }
}

/** Names of what each node was made from, by its own. */
function madeFrom(nodes: readonly HistoryNode[]): Readonly<Record<string, readonly string[]>> {
  const names = new Map(nodes.map(({ id, name }) => [id, name]))
  return Object.fromEntries(nodes.map(({ name, parents }) => [name, parents.map((id) => names.get(id) ?? id)]))
}

test('files and snapshots are one history, with every file of the family', async () => {
  const { qemu, over, nodes } = start()
  qemu.img('create', '-q', '-f', 'qcow2', 'base.qcow2', '8M')
  over('disk.qcow2', 'base.qcow2')
  qemu.io('disk.qcow2', ['write -P 1 0 1M'])
  qemu.img('snapshot', '-c', 'first', 'disk.qcow2')
  qemu.io('disk.qcow2', ['write -P 2 0 128k'])
  over('sibling.qcow2', 'base.qcow2')
  const family = await nodes('disk.qcow2')
  expect(madeFrom(family)).toEqual({
    'base.qcow2': [],
    'disk.qcow2': ['first'],
    first: ['base.qcow2'],
    'sibling.qcow2': ['base.qcow2'],
  })
  const [newest] = family
  expect(newest).toMatchObject({ name: 'disk.qcow2', kind: 'current', tags: ['current', 'external'] })
  const places = new Map(family.map(({ id }, index) => [id, index]))
  for (const [index, { parents }] of family.entries())
    for (const id of parents) expect(places.get(id)).toBeGreaterThan(index)
  // An L1 table, an L2 table, and the clusters overwritten since; the list of snapshots goes with the last of them.
  expect(family.find(({ name }) => name === 'first')).toMatchObject({ own: 4 * CLUSTER, frees: 5 * CLUSTER })
  expect(newest?.own).toBe(4 * CLUSTER)
})

test('a disk that was put back to a snapshot goes on from there', async () => {
  const { qemu, nodes } = start()
  qemu.img('create', '-q', '-f', 'qcow2', 'disk.qcow2', '8M')
  for (const step of [1, 2, 3]) {
    qemu.io('disk.qcow2', [`write -P ${step} ${step}M 512k`])
    qemu.img('snapshot', '-c', `s${step}`, 'disk.qcow2')
  }
  qemu.img('snapshot', '-a', 's1', 'disk.qcow2')
  qemu.io('disk.qcow2', ['write -P 9 6M 64k'])
  expect(madeFrom(await nodes('disk.qcow2'))).toEqual({ s1: [], s2: ['s1'], s3: ['s2'], 'disk.qcow2': ['s1'] })
})

test('what is not there is in the history as missing', async () => {
  const { qemu, at, over, nodes } = start()
  qemu.img('create', '-q', '-f', 'qcow2', 'base.qcow2', '8M')
  over('disk.qcow2', 'base.qcow2')
  rmSync(at('base.qcow2'))
  const family = await nodes('disk.qcow2')
  expect(madeFrom(family)).toEqual({ 'base.qcow2': [], 'disk.qcow2': ['base.qcow2'] })
  expect(family.at(-1)).toMatchObject({ tags: ['external', 'missing'] })
})

test('a file between two others frees what does not move into the one below', async () => {
  const { qemu, over, nodes } = start()
  qemu.img('create', '-q', '-f', 'qcow2', 'base.qcow2', '8M')
  qemu.io('base.qcow2', ['write -P 1 0 1M', 'write -z 2M 64k'])
  over('middle.qcow2', 'base.qcow2')
  qemu.io('middle.qcow2', ['write -P 2 512k 1M', 'write -P 2 2000k 4k', 'write -P 2 2100k 4k'])
  over('top.qcow2', 'middle.qcow2')
  const family = await nodes('top.qcow2')
  const middle = family.find(({ name }) => name === 'middle.qcow2')
  const before = qemu.totals('base.qcow2')?.allocatedClusters ?? 0
  qemu.img('commit', '-q', '-d', 'middle.qcow2')
  const growth = ((qemu.totals('base.qcow2')?.allocatedClusters ?? 0) - before) * CLUSTER
  expect(growth).toBe(10 * CLUSTER)
  expect(middle?.frees).toBe((middle?.own ?? 0) - growth)
})
