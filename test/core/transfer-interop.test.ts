// What the copier puts into a qcow2 image, judged by QEMU.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { qcow2Driver } from '../../core/formats/qcow2/driver.ts'
import { rawDriver } from '../../core/formats/raw/driver.ts'
import { closedGate } from '../../core/image/gate.ts'
import type { OptionValues } from '../../core/model/option.ts'
import { KiB, MiB } from '../../core/model/units.ts'
import { openFile } from '../../core/storage/file.ts'
import { compareDisks } from '../../core/transfer/compare.ts'
import { TransferPool } from '../../core/transfer/pool.ts'
import { transfer } from '../../core/transfer/transfer.ts'
import { oracles } from '../helpers/oracles.ts'
import { diskOf, scatter } from './transfer-fixtures.ts'

const size = 12 * MiB + 512
const pool = new TransferPool()
let folder = ''
let raw = ''

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spindle-interop-'))
  raw = join(folder, 'disk.img')
  // Otherwise this small disk would be copied here before a thread is ready.
  await pool.start()
  const { content } = await scatter(await openFile(join(folder, 'pieces'), 'create'), {
    seed: 11,
    size,
    grain: 32 * KiB,
    longest: 20,
  })
  await using file = await openFile(raw, 'create')
  await file.write(0, content)
})

afterAll(async () => {
  await pool.close()
  rmSync(folder, { recursive: true })
})

/** Large enough, by what it is told, that the copier uses threads. */
const totals = { dataBytes: 1024 * MiB, packedBytes: 0, zeroBytes: 0, holeBytes: 0 }

async function convert(path: string, options: OptionValues, compress: boolean): Promise<void> {
  await using source = await rawDriver.open(await openFile(raw, 'read'), closedGate, 'read')
  await using target = await openFile(path, 'create')
  const builder = await qcow2Driver.build(target, { virtualSize: size, options, compress }, closedGate)
  await transfer(diskOf(source), builder, { compress, pool, totals })
  await builder.finish()
}

describe.each([
  ['plain', { options: {}, compress: false }],
  ['plain-small', { options: { cluster_size: 4 * KiB }, compress: false }],
  ['zlib', { options: {}, compress: true }],
  ['zlib-large', { options: { cluster_size: 2 * MiB }, compress: true }],
  ['zlib-small', { options: { cluster_size: 512 }, compress: true }],
  ['zstd', { options: { compression_type: 'zstd' }, compress: true }],
] as const)('%s clusters', (name, how) => {
  let path = ''

  beforeAll(async () => {
    path = join(folder, `${name}.qcow2`)
    await convert(path, how.options, how.compress)
  })

  test.each(oracles().map((oracle) => [oracle.version, oracle] as const))('are read by QEMU %s', (_version, oracle) => {
    const check = spawnSync(oracle.qemuImg, ['check', path], { encoding: 'utf8' })
    expect(check.stdout + check.stderr).toContain('No errors were found')
    const compare = spawnSync(oracle.qemuImg, ['compare', '-f', 'raw', '-F', 'qcow2', raw, path], { encoding: 'utf8' })
    expect(compare.stdout + compare.stderr).toContain('Images are identical')
  })

  test('become the same raw disk again', async () => {
    const back = join(folder, `${name}.img`)
    await using source = await qcow2Driver.open(await openFile(path, 'read'), closedGate, 'read')
    await using target = await openFile(back, 'create')
    const builder = await rawDriver.build(target, { virtualSize: size, options: {} }, closedGate)
    await transfer(diskOf(source), builder, { pool, totals })
    await builder.finish()
    await using first = await rawDriver.open(await openFile(raw, 'read'), closedGate, 'read')
    await using last = await rawDriver.open(await openFile(back, 'read'), closedGate, 'read')
    expect(await compareDisks(diskOf(first), diskOf(last))).toEqual({ identical: true, sizeDiffers: false })
    expect(spawnSync('cmp', [raw, back]).status).toBe(0)
  })
})
