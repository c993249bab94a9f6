// `kill -9` at any moment of any job: started again, every image is as before or as afterwards, and the job is offered.

import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { seeds } from '../../helpers/seeds.ts'
import { tally } from '../../helpers/tally.ts'

const program = fileURLToPath(new URL('run.ts', import.meta.url))
/** All in all; `SPINDLE_KILLS=1000` asks for more. */
const KILLS = Number(process.env['SPINDLE_KILLS'] ?? 84)
/** What it needs to be forked: one thread, and memory that is there from the start. */
const FLAGS = ['--single-threaded', '--min-semi-space-size=32', '--max-semi-space-size=32']

test.skipIf(process.platform !== 'linux').for(seeds().slice(-1))(
  'jobs that are killed leave nothing half done (seed %i)',
  { timeout: 60_000 + KILLS * 5000 },
  async (seed) => {
    const child = spawn(process.execPath, [...FLAGS, program, String(seed), String(KILLS)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const lines = (await text(child.stdout)).trim().split('\n')
    const told = lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
    const last = told.pop()
    tally('kills', KILLS)
    expect(told).toEqual([])
    expect(last).toEqual({ kills: KILLS, failures: 0 })
  },
)
