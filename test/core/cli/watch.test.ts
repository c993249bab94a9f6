// `spindle watch`: following what another spindle command does.

import { once } from 'node:events'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { MiB } from '../../../core/model/units.ts'
import { realDisk } from '../../helpers/real-disk.ts'
import { scratchFolder } from '../../helpers/scratch.ts'
import { spindleHere, startSpindle } from '../../helpers/spindle.ts'

async function listed(): Promise<string> {
  return (await spindleHere('watch')).out
}

test('a job under way is listed, followed while it runs, and gone when it has ended', async () => {
  const target = join(scratchFolder(), 'new.qcow2')
  const child = startSpindle(['convert', '-c', '-r', '16M', '-O', 'qcow2', realDisk(320 * MiB), target])
  const ended = once(child, 'exit')
  const line = new RegExp(`^${child.pid}\\s+\\d+%\\s+convert\\s+.*new\\.qcow2$`, 'm')
  while (!line.test(await listed())) expect(child.exitCode).toBeNull()
  const following = spindleHere('watch', String(child.pid))
  child.kill('SIGTERM')
  await ended
  const { code, out } = await following
  expect({ code, out }).toEqual({ code: 0, out: expect.stringMatching(/^( {4}\(\d+\.\d\d\/100%\)\r)*\n$/) })
  expect(await listed()).not.toMatch(line)
  expect(await spindleHere('watch', String(child.pid))).toMatchObject({ code: 1 })
})
