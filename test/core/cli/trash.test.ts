// `spindle mv`, `cp` and `trash` as typed.

import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newestOracle } from '../../helpers/oracles.ts'
import { scratchFolder } from '../../helpers/scratch.ts'
import { spindleHere as spindle } from '../../helpers/spindle.ts'

const { qemuImg } = newestOracle()

test('images are moved, copied, deleted and put back by name', async () => {
  const folder = scratchFolder()
  const at = (name: string): string => join(folder, name)
  execFileSync(qemuImg, ['create', '-q', '-f', 'qcow2', at('base.qcow2'), '1M'])
  execFileSync(qemuImg, ['create', '-q', '-f', 'qcow2', '-b', 'base.qcow2', '-F', 'qcow2', at('top.qcow2')])
  expect((await spindle('mv', at('base.qcow2'), at('ground.qcow2'))).code).toBe(0)
  expect((await spindle('info', at('top.qcow2'))).out).toContain('backing file: ground.qcow2')

  const refused = await spindle('trash', 'put', at('ground.qcow2'))
  expect([refused.code, refused.error]).toEqual([1, expect.stringContaining('top.qcow2')])
  expect((await spindle('trash', 'put', at('ground.qcow2'), at('top.qcow2'))).code).toBe(0)
  expect(readdirSync(folder)).toEqual(['.spindle-trash'])
  expect((await spindle('trash', 'list', folder)).out).toContain(at('ground.qcow2'))
  expect((await spindle('trash', 'restore', at('ground.qcow2'))).code).toBe(0)
  expect((await spindle('trash', 'empty', folder)).out).toContain('freed')
  expect((await spindle('cp', at('ground.qcow2'), at('copy.qcow2'))).code).toBe(0)
  expect(readdirSync(folder).toSorted()).toEqual(['copy.qcow2', 'ground.qcow2'])
  execFileSync(qemuImg, ['check', '-q', at('copy.qcow2')])
})
