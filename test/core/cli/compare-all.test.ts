// compare --all: every range that differs.

import { execFileSync } from 'node:child_process'
import { appendFileSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newestOracle } from '../../helpers/oracles.ts'
import { SAMPLE_SIZE, sampleDisk } from '../../helpers/sample-disk.ts'
import { scratchFolder } from '../../helpers/scratch.ts'
import { spindleHere } from '../../helpers/spindle.ts'

test('every range that differs is listed, whatever the formats', async () => {
  const folder = scratchFolder()
  const at = (name: string): string => join(folder, name)
  sampleDisk(at('a.img'))
  copyFileSync(at('a.img'), at('b.img'))
  const bytes = readFileSync(at('b.img'))
  for (const offset of [0, 5_000_000, 20_000_000]) bytes.fill(0xee, offset, offset + 1000)
  writeFileSync(at('b.img'), bytes)
  appendFileSync(at('b.img'), Buffer.alloc(512, 1))
  execFileSync(newestOracle().qemuImg, ['convert', '-f', 'raw', '-O', 'qcow2', at('b.img'), at('b.qcow2')])

  const { code, out, error } = await spindleHere('compare', '--all', '-f', 'raw', at('a.img'), at('b.qcow2'))
  expect({ code, error }).toEqual({ code: 1, error: '' })
  const rows = out
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split(/\s+/).map(Number))
  expect(rows).toEqual([
    [0, 1000],
    [5_000_000, 1000],
    [20_000_000, 1000],
    [SAMPLE_SIZE, 512],
  ])
})

test('of equal disks there is nothing to list', async () => {
  const folder = scratchFolder()
  sampleDisk(join(folder, 'a.img'))
  copyFileSync(join(folder, 'a.img'), join(folder, 'b.img'))
  const same = await spindleHere('compare', '--all', join(folder, 'a.img'), join(folder, 'b.img'))
  expect(same).toEqual({ code: 0, out: 'Images are identical.\n', error: '' })
  const none = await spindleHere('compare', '--all', join(folder, 'a.img'), join(folder, 'none.img'))
  expect(none).toMatchObject({ code: 1, error: expect.stringContaining('none.img') })
})
