// Dirty bitmaps that come along when an image is converted, as qemu-img has them.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { convert } from '../../../core/operations/convert.ts'
import { systemParts } from '../../../core/operations/parts.ts'
import { planConvert } from '../../../core/operations/plan-convert.ts'
import { openLayer } from '../../../core/image/chain.ts'
import { oracles, newestOracle } from '../../helpers/oracles.ts'
import { Qemu } from '../../helpers/qemu.ts'
import { convertJob, recorded } from '../../helpers/run-operation.ts'
import { scratchFolder } from '../../helpers/scratch.ts'
import { runProgram, spindleHere } from '../../helpers/spindle.ts'

/** Two bitmaps of different kinds, a snapshot, and data. */
function makeSource(oracle = newestOracle()): { qemu: Qemu; path: string; target: string } {
  const qemu = new Qemu(oracle, scratchFolder())
  qemu.img('create', '-q', '-f', 'qcow2', 'disk', '4M')
  qemu.img('bitmap', '--add', 'disk', 'first')
  qemu.io('disk', ['write -P 3 0 300k', 'write -P 4 2M 64k'])
  qemu.img('bitmap', '--add', '--disable', '-g', '128k', 'disk', 'second')
  qemu.img('bitmap', '--merge', 'first', 'disk', 'second')
  qemu.io('disk', ['write -P 5 3M 64k'])
  qemu.img('snapshot', '-c', 'then', 'disk')
  return { qemu, path: join(qemu.folder, 'disk'), target: join(qemu.folder, 'ours') }
}

function breakBitmap(path: string, name: string): void {
  const bytes = readFileSync(path)
  const entry = bytes.lastIndexOf(name) - 24
  bytes.writeUInt32BE(bytes.readUInt32BE(entry + 12) | 1, entry + 12)
  writeFileSync(path, bytes)
}

/** All of an image's bitmaps and what they mark. */
async function bitmapsOf(path: string): Promise<unknown> {
  const parts = systemParts()
  await using layer = await openLayer(await parts.openFile(path, 'read'), 'qcow2', 'read', parts)
  const found: unknown[] = []
  for (const facts of (await layer.bitmaps?.list()) ?? []) {
    const ranges: unknown[] = []
    for await (const range of layer.bitmaps?.read(facts.name) ?? []) ranges.push(range)
    found.push({ ...facts, ranges })
  }
  return found
}

describe.each(oracles())('beside qemu-img $version', (oracle) => {
  test('they come along as by qemu-img, and the image is sound', async () => {
    const { qemu, path, target } = makeSource(oracle)
    qemu.img('convert', '--bitmaps', '-O', 'qcow2', 'disk', 'theirs')
    const job = convertJob(path, target, { keepBitmaps: true, verify: true })
    const result = await convert(job, recorded().context, systemParts())
    expect(await bitmapsOf(target)).toEqual(await bitmapsOf(join(qemu.folder, 'theirs')))
    expect(result.warnings).toEqual([expect.stringMatching(/1 snapshot/)])
    expect(qemu.check('ours')).toMatchObject({ corruptions: 0, leaks: 0, errors: 0 })
    expect(qemu.img('compare', 'disk', 'ours')).toContain('identical')
  })

  test('the command says and does the same', async () => {
    const cases: readonly (readonly string[])[] = [
      ['--bitmaps', '-O', 'raw'],
      ['--bitmaps', '-O', 'qcow2', '-o', 'compat=0.10'],
      ['--bitmaps', '-O', 'qcow2', '-c'],
      ['--bitmaps', '-O', 'qcow2', '-l', 'then'],
      ['--skip-broken-bitmaps', '-O', 'qcow2'],
      ['-O', 'qcow2'],
    ]
    const { qemu, path } = makeSource(oracle)
    for (const [index, words] of cases.entries()) {
      const names = [`ours${index}`, `theirs${index}`] as const
      const theirs = runProgram([oracle.qemuImg, 'convert', ...words, 'disk', names[1]], qemu.folder)
      const ours = await spindleHere('convert', ...words, path, join(qemu.folder, names[0]))
      expect(ours.code, `case ${index}`).toBe(theirs.code)
      if (theirs.code !== 0) continue
      const [left, right] = names.map(
        (name) => JSON.stringify(qemu.json('info', name)).match(/"bitmaps":\[.*?\]\}?\]/)?.[0],
      )
      expect(left).toBe(right)
    }
  })
})

test('a broken one is an error, or left out and told of', async () => {
  const { path, target } = makeSource()
  breakBitmap(path, 'first')
  const job = convertJob(path, target, { keepBitmaps: true })
  const work = convert(job, recorded().context, systemParts())
  await expect(work).rejects.toMatchObject({
    code: 'invalid-image',
    message: expect.stringMatching(/“first”/) as string,
  })
  const skipping = { ...job, skipBrokenBitmaps: true }
  const { warnings } = await convert(skipping, recorded().context, systemParts())
  expect(warnings.join()).toMatch(/1 bitmap .* did not come along/)
  expect(await bitmapsOf(target)).toMatchObject([{ name: 'second' }])
  const { changes, command } = await planConvert({ ...skipping, target: `${target}2` }, systemParts())
  expect(changes).toContainEqual({ kind: 'bitmaps-kept', count: 1 })
  expect(changes).toContainEqual({ kind: 'bitmaps-dropped', count: 1 })
  expect(command).toContain('--skip-broken-bitmaps')
})

test('together with snapshots they come along as well', async () => {
  const { qemu, path, target } = makeSource()
  const before = await bitmapsOf(path)
  const job = convertJob(path, target, { keepBitmaps: true, keepSnapshots: true })
  await convert(job, recorded().context, systemParts())
  expect(await bitmapsOf(target)).toEqual(before)
  expect(qemu.check('ours')).toMatchObject({ corruptions: 0, leaks: 0, errors: 0 })
  expect(Buffer.compare(qemu.content('ours', '-l', 'then'), qemu.content('disk', '-l', 'then'))).toBe(0)
})

test('a conversion that is held back stops as soon as it is cancelled', async () => {
  const { path, target } = makeSource()
  const { context } = recorded(({ phase, done }) => phase === 'copy' && done > 0)
  const job = convertJob(path, target, { rateLimit: 1 })
  await expect(convert(job, context, systemParts())).rejects.toMatchObject({ code: 'cancelled' })
  const done = await convert({ ...job, rateLimit: 2 ** 40 }, recorded().context, systemParts())
  expect(done.kind).toBe('convert')
  expect(await spindleHere('convert', '-r', 'soon', path, `${target}2`)).toMatchObject({ code: 1 })
})
