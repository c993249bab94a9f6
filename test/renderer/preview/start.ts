// Puts the fake on the window before the page starts; the address says what it is to hold.

import type { JobView, Settings } from '../../../electron/contract/data.ts'
import { GiB } from '../../../core/model/index.ts'
import { FakeSpindle } from './fake-spindle.ts'

const query = new URLSearchParams(location.search)
const now = Date.now()

const JOBS: readonly JobView[] = [
  {
    id: 'a',
    kind: 'convert',
    source: 'haiku-r1b5.raw',
    target: 'haiku-r1b5.qcow2',
    format: 'qcow2',
    state: {
      kind: 'failed',
      error: {
        code: 'no-space',
        message:
          'The disk is full: 6.2 GiB more is needed on /home. The original is unchanged and the partial file was removed. Free some space, or choose another folder.',
        path: '/home/sam/VMs/haiku-r1b5.qcow2.partial',
        offset: 0xa8f3c0000,
        operation: 'convert',
      },
    },
    queuedAt: now - 400_000,
    startedAt: now - 390_000,
    endedAt: now - 300_000,
  },
  {
    id: 'b',
    kind: 'convert',
    source: 'mail-relay.qcow2',
    target: 'mail-relay.raw',
    format: 'raw',
    state: {
      kind: 'succeeded',
      result: { kind: 'convert', path: 'x', allocatedSize: 1.4 * GiB, verified: true, warnings: [] },
    },
    queuedAt: now - 300_000,
    startedAt: now - 290_000,
    endedAt: now - 200_000,
    volume: 'v9',
  },
  {
    id: 'c',
    kind: 'convert',
    source: 'old-exchange.raw',
    target: 'old-exchange.qcow2',
    format: 'qcow2',
    state: {
      kind: 'running',
      progress: { phase: 'copy', done: 30.4 * GiB, total: 49 * GiB },
      rate: 210e6,
      cancellable: true,
    },
    queuedAt: now - 60_000,
    startedAt: now - 60_000,
  },
  {
    id: 'e',
    kind: 'convert',
    source: 'win2019-sql.vhd',
    target: 'win2019-sql.vhdx',
    format: 'vhdx',
    state: { kind: 'interrupted', begun: true, finished: false },
    queuedAt: now - 50_000_000,
    startedAt: now - 50_000_000,
  },
  {
    id: 'f',
    kind: 'check',
    target: 'nfs-export.raw',
    state: {
      kind: 'running',
      progress: { phase: 'verify', done: 38.1 * GiB, total: 212 * GiB },
      cancellable: true,
      paused: true,
    },
    queuedAt: now - 80_000,
    startedAt: now - 80_000,
    events: [
      { kind: 'asked', at: now - 80_000 },
      { kind: 'begun', at: now - 80_000 },
      { kind: 'paused', at: now - 20_000 },
    ],
  },
  {
    id: 'd',
    kind: 'convert',
    source: 'xp-pos-terminal.raw',
    target: 'xp-pos-terminal.qcow2',
    format: 'qcow2',
    state: { kind: 'queued' },
    queuedAt: now - 20_000,
  },
]

const theme = query.get('theme')
const density = query.get('density')
const fake = new FakeSpindle({
  volumeCount: Number(query.get('volumes') ?? 40),
  settings: {
    ...(theme === null ? {} : { theme: theme as Settings['theme'] }),
    ...(density === null ? {} : { density: density as Settings['density'] }),
    ...(query.has('bare') ? { inspectorOpen: false } : {}),
  },
  historyLength: Number(query.get('history') ?? 0),
  scanning: query.has('scanning'),
  jobs: query.has('jobs') ? JOBS : [],
  chosenFiles: query.has('files') ? ['old.raw', 'new.img'] : [],
})

Object.assign(window, { spindle: fake.window(), fake })

// A pace worth drawing: 210 MB/s, a little uneven.
if (query.has('jobs')) {
  const running = JOBS[2]
  let done = 30.4 * GiB
  let tick = 0
  setInterval(() => {
    if (running?.state.kind !== 'running') return
    tick += 1
    done += 105e6
    const rate = 210e6 + Math.sin(tick / 2) * 24e6
    fake.emit('job', { ...running, state: { ...running.state, progress: { ...running.state.progress, done }, rate } })
  }, 500)
}
