// How the application starts and ends: its folders, the files it is started with, and quitting.

import { expect, test } from 'vitest'
import { filesNamed } from '../../electron/main/command-line.ts'
import { ownFolders, shortPath } from '../../electron/main/paths.ts'
import { Quitting } from '../../electron/main/quit.ts'

const LINUX = { platform: 'linux', home: '/home/a', userData: '/data', profileGiven: false } as const

test('on Linux, files are kept where the desktop wants them', () => {
  expect(ownFolders({ ...LINUX, environment: {} })).toEqual({
    config: '/home/a/.config/spindle',
    state: '/home/a/.local/state/spindle',
    cache: '/home/a/.cache/spindle',
  })
  const environment = { XDG_CONFIG_HOME: '/c', XDG_STATE_HOME: 'relative/is/ignored', XDG_CACHE_HOME: '' }
  expect(ownFolders({ ...LINUX, environment })).toEqual({
    config: '/c/spindle',
    state: '/home/a/.local/state/spindle',
    cache: '/home/a/.cache/spindle',
  })
})

test('a profile of its own holds everything', () => {
  const folders = ownFolders({ ...LINUX, environment: { XDG_CONFIG_HOME: '/c' }, profileGiven: true })
  expect(folders).toEqual({ config: '/data', state: '/data', cache: '/data/cache' })
})

test('paths at home are shown with ~', () => {
  expect(shortPath('/home/a/VMs', '/home/a')).toBe('~/VMs')
  expect(shortPath('/home/a', '/home/a')).toBe('~')
  expect(shortPath('/home/ab/VMs', '/home/a')).toBe('/home/ab/VMs')
})

test('files named at the start are found, switches and the application itself are not files', () => {
  const argv = [
    '/usr/bin/electron',
    '--switch',
    '.',
    'disk.img',
    '--user-data-dir=/p',
    '/abs/b.qcow2',
    'file:///c%20d.img',
  ]
  expect(filesNamed(argv, '/home/a', false)).toEqual(['/home/a/disk.img', '/abs/b.qcow2', '/c d.img'])
  expect(filesNamed(['/opt/spindle', 'disk.img'], '/home/a', true)).toEqual(['/home/a/disk.img'])
  expect(filesNamed(['/opt/spindle', 'https://example.org/a.img', 'file://%zz/'], '/home/a', true)).toEqual([])
})

function openQuitting(jobCount: number, stops: boolean) {
  const steps: string[] = []
  const quitting = new Quitting({
    unfinishedJobs: () => jobCount,
    ask: async (count) => {
      steps.push(`ask about ${count}`)
      return stops
    },
    stop: async () => void steps.push('stop'),
    quit: () => void steps.push(`quit, ready: ${quitting.ready}`),
  })
  return { quitting, steps }
}

test('with nothing to do, quitting stops the engine and then quits', async () => {
  const { quitting, steps } = openQuitting(0, false)
  expect(quitting.ready).toBe(false)
  await quitting.request()
  expect(steps).toEqual(['stop', 'quit, ready: true'])
})

test('with jobs under way it asks; staying changes nothing, and it asks again the next time', async () => {
  const { quitting, steps } = openQuitting(2, false)
  await quitting.request()
  await quitting.request()
  expect(steps).toEqual(['ask about 2', 'ask about 2'])
  expect(quitting.ready).toBe(false)
})

test('when the session ends nobody is asked, not even when somebody was just being asked', async () => {
  const steps: string[] = []
  const answer = Promise.withResolvers<boolean>()
  const quitting = new Quitting({
    unfinishedJobs: () => 1,
    ask: () => answer.promise,
    stop: async () => void steps.push('stop'),
    quit: () => void steps.push('quit'),
  })
  const asking = quitting.request()
  await quitting.now()
  answer.resolve(true)
  await asking
  expect(steps).toEqual(['stop', 'quit'])
})

test('asked twice at once, it asks and stops once', async () => {
  const { quitting, steps } = openQuitting(1, true)
  await Promise.all([quitting.request(), quitting.request()])
  expect(steps).toEqual(['ask about 1', 'stop', 'quit, ready: true'])
})
