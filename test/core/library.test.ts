// The library over real folders: what is found, and what happens when it changes.

import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { drivers } from '../../core/formats/index.ts'
import { createLibrary } from '../../core/library/library.ts'
import type { Library, LibraryOptions } from '../../core/library/library.ts'
import { MiB } from '../../core/model/units.ts'
import { Listener } from '../helpers/listener.ts'
import { newestOracle } from '../helpers/oracles.ts'
import { scratchFolder } from '../helpers/scratch.ts'

const { qemuImg } = newestOracle()

function watched(options: Partial<LibraryOptions> = {}): { library: Library; listener: Listener } {
  const listener = new Listener()
  const library = createLibrary({ drivers, emit: listener.emit, ...options })
  onTestFinished(() => library.close())
  return { library, listener }
}

function raw(path: string, size = MiB): void {
  writeFileSync(path, 'not empty')
  truncateSync(path, size)
}

function qcow2(path: string, size: string, ...options: readonly string[]): void {
  execFileSync(qemuImg, ['create', '-q', '-f', 'qcow2', ...options, path, size])
}

test('a folder shows its disk images with what their headers say', async () => {
  const folder = scratchFolder()
  mkdirSync(join(folder, 'base'))
  raw(join(folder, 'plain.img'), 3 * MiB)
  qcow2(join(folder, 'base/debian.qcow2'), '20G')
  qcow2(join(folder, 'overlay.qcow2'), '20G', '-b', 'base/debian.qcow2', '-F', 'qcow2')
  execFileSync(qemuImg, ['snapshot', '-c', 'before', join(folder, 'overlay.qcow2')])
  execFileSync(qemuImg, ['snapshot', '-c', 'after', join(folder, 'overlay.qcow2')])

  const { library, listener } = watched()
  await library.setPlaces([folder])
  await listener.settled()

  expect(listener.names()).toEqual(['base/debian.qcow2', 'overlay.qcow2', 'plain.img'])
  expect(listener.rows.get(join(folder, 'plain.img'))).toMatchObject({
    place: folder,
    format: 'raw',
    virtualSize: 3 * MiB,
    fileSize: 3 * MiB,
    allocatedSize: 512 * statSync(join(folder, 'plain.img')).blocks,
    snapshotCount: 0,
  })
  expect(listener.rows.get(join(folder, 'overlay.qcow2'))).toMatchObject({
    format: 'qcow2',
    virtualSize: 20 * 1024 * MiB,
    backing: 'base/debian.qcow2',
    snapshotCount: 2,
  })
  expect(listener.rows.get(join(folder, 'base/debian.qcow2'))).not.toHaveProperty('backing')
  expect([...listener.rows.values()].filter((row) => row.error)).toEqual([])
  const [place] = listener.places
  expect(place).toMatchObject({ path: folder, kind: 'folder', state: 'watching', volumeCount: 3 })
  expect(place?.space?.free).toBeGreaterThan(0)
})

test('an image is found by its signature whatever it is called, and a raw disk by its name only', async () => {
  const folder = scratchFolder()
  qcow2(join(folder, 'web-server'), '1G')
  qcow2(join(folder, 'saved.qcow2.bak'), '1G')
  qcow2(join(folder, 'misnamed.img'), '1G')
  raw(join(folder, 'installer.iso'))
  raw(join(folder, 'notes.txt'))
  raw(join(folder, 'UPPER.IMG'))

  const { library, listener } = watched()
  await library.setPlaces([folder])
  await listener.settled()

  expect(listener.names()).toEqual(['UPPER.IMG', 'misnamed.img', 'saved.qcow2.bak', 'web-server'])
  expect(listener.rows.get(join(folder, 'misnamed.img'))?.format).toBe('qcow2')
})

test('hidden files and folders, links, pipes and unfinished targets are not volumes', async () => {
  const outside = scratchFolder()
  const folder = scratchFolder()
  raw(join(outside, 'elsewhere.img'))
  mkdirSync(join(folder, '.cache'))
  raw(join(folder, '.cache/hidden.img'))
  raw(join(folder, '._shadow.img'))
  raw(join(folder, 'new.qcow2.partial'))
  symlinkSync(outside, join(folder, 'linked'))
  symlinkSync(join(outside, 'elsewhere.img'), join(folder, 'linked.img'))
  symlinkSync(folder, join(folder, 'loop'))
  execFileSync('mkfifo', [join(folder, 'pipe.img')])
  raw(join(folder, 'seen.img'))

  const { library, listener } = watched()
  await library.setPlaces([folder])
  await listener.settled()

  expect(listener.names()).toEqual(['seen.img'])
})

test('an image that cannot be opened is a row that says why', async () => {
  const folder = scratchFolder()
  writeFileSync(join(folder, 'empty.qcow2'), '')
  qcow2(join(folder, 'cut.qcow2'), '1G')
  truncateSync(join(folder, 'cut.qcow2'), 50)

  const { library, listener } = watched()
  await library.setPlaces([folder])
  await listener.settled()

  expect(listener.names()).toEqual(['cut.qcow2', 'empty.qcow2'])
  for (const row of listener.rows.values()) {
    expect(row.format).toBe('qcow2')
    expect(row.error?.code).toBe('invalid-image')
    expect(row.error?.message).toContain(row.path)
  }
})

test('files that come, change, are renamed and go are followed', async () => {
  const folder = scratchFolder()
  const { library, listener } = watched()
  await library.setPlaces([folder])
  await listener.settled()
  const first = join(folder, 'first.img')
  const second = join(folder, 'second.img')

  raw(first, MiB)
  await listener.until(() => listener.rows.get(first)?.virtualSize === MiB)
  truncateSync(first, 5 * MiB)
  await listener.until(() => listener.rows.get(first)?.virtualSize === 5 * MiB)
  renameSync(first, second)
  await listener.until(() => listener.rows.has(second) && !listener.rows.has(first))
  rmSync(second)
  await listener.until(() => listener.rows.size === 0)
  expect(listener.places[0]?.volumeCount).toBe(0)
})

test('a volume shows up when its unfinished file takes its final name', async () => {
  const folder = scratchFolder()
  const { library, listener } = watched()
  await library.setPlaces([folder])
  await listener.settled()

  qcow2(join(folder, 'new.qcow2.partial'), '1G')
  raw(join(folder, 'later.img'))
  await listener.until(() => listener.rows.size > 0)
  expect(listener.names()).toEqual(['later.img'])
  renameSync(join(folder, 'new.qcow2.partial'), join(folder, 'new.qcow2'))
  await listener.until(() => listener.rows.has(join(folder, 'new.qcow2')))
})

test('folders that are made, moved in, moved about and moved out are followed with all they hold', async () => {
  const outside = scratchFolder()
  const folder = scratchFolder()
  mkdirSync(join(outside, 'machines/deep'), { recursive: true })
  raw(join(outside, 'machines/a.img'))
  raw(join(outside, 'machines/deep/b.img'))
  const { library, listener } = watched()
  await library.setPlaces([folder])
  await listener.settled()

  renameSync(join(outside, 'machines'), join(folder, 'machines'))
  await listener.until(() => listener.names().join() === 'machines/a.img,machines/deep/b.img')
  raw(join(folder, 'machines/deep/c.img'))
  await listener.until(() => listener.names().includes('machines/deep/c.img'))
  renameSync(join(folder, 'machines'), join(folder, 'moved'))
  await listener.until(() => listener.names().join() === 'moved/a.img,moved/deep/b.img,moved/deep/c.img')
  raw(join(folder, 'moved/deep/d.img'))
  await listener.until(() => listener.names().includes('moved/deep/d.img'))
  renameSync(join(folder, 'moved/deep'), join(outside, 'deep'))
  await listener.until(() => listener.names().join() === 'moved/a.img')
  rmSync(join(folder, 'moved'), { recursive: true })
  await listener.until(() => listener.rows.size === 0)
  mkdirSync(join(folder, 'moved'))
  raw(join(folder, 'moved/again.img'))
  await listener.until(() => listener.rows.size === 1)
  expect(listener.names()).toEqual(['moved/again.img'])
})

test('a place that is missing is said to be, and comes to life when it is there', async () => {
  const above = scratchFolder()
  const folder = join(above, 'stick')
  const { library, listener } = watched({ rhythm: { checkInterval: 20, lookInterval: 100, deaf: false } })
  await library.setPlaces([folder])
  await listener.until(() => listener.places[0]?.state === 'missing')
  expect(listener.places[0]).not.toHaveProperty('space')
  expect(listener.places[0]?.error?.code).toBe('not-found')

  mkdirSync(folder)
  raw(join(folder, 'disk.img'))
  await listener.until(() => listener.places[0]?.state === 'watching' && listener.rows.size === 1)
  expect(listener.places[0]).not.toHaveProperty('error')
  renameSync(folder, join(above, 'away'))
  await listener.until(() => listener.places[0]?.state === 'missing' && listener.rows.size === 0)
  mkdirSync(folder)
  raw(join(folder, 'other.img'))
  await listener.until(() => listener.names().join() === 'other.img')
  raw(join(folder, 'more.img'))
  await listener.until(() => listener.names().join() === 'more.img,other.img')
})

test('a single file can be a place, also when another file takes its name', async () => {
  const folder = scratchFolder()
  const path = join(folder, 'disk.bin')
  raw(path, MiB)
  raw(join(folder, 'neighbour.img'))
  const { library, listener } = watched({ rhythm: { checkInterval: 20, lookInterval: 100, deaf: false } })
  await library.setPlaces([path])
  await listener.settled()
  expect(listener.names()).toEqual(['disk.bin'])
  expect(listener.places[0]).toMatchObject({ path, kind: 'file', volumeCount: 1 })

  raw(join(folder, 'disk.new'), 2 * MiB)
  renameSync(join(folder, 'disk.new'), path)
  await listener.until(() => listener.rows.get(path)?.virtualSize === 2 * MiB)
  rmSync(path)
  await listener.until(() => listener.places[0]?.state === 'missing' && listener.rows.size === 0)
  raw(path, 3 * MiB)
  await listener.until(() => listener.rows.get(path)?.virtualSize === 3 * MiB)
  expect(listener.names()).toEqual(['disk.bin'])
})

test('a place inside another shows its rows as its own, and gives them back when it is taken away', async () => {
  const outer = scratchFolder()
  const inner = join(outer, 'inner')
  mkdirSync(join(inner, 'deep'), { recursive: true })
  raw(join(outer, 'a.img'))
  raw(join(inner, 'deep/b.img'))
  const row = join(inner, 'deep/b.img')
  const { library, listener } = watched()

  await library.setPlaces([outer])
  await listener.until(() => listener.rows.get(row)?.place === outer)
  await library.setPlaces([outer, inner])
  await listener.until(() => listener.rows.get(row)?.place === inner)
  expect(listener.rows.get(row)?.name).toBe('deep/b.img')
  await library.rescan()
  expect(listener.rows.get(row)?.place).toBe(inner)
  expect(listener.places.map((place) => place.volumeCount)).toEqual([1, 1])
  await library.setPlaces([outer])
  await listener.until(() => listener.rows.get(row)?.place === outer)
  expect(listener.rows.get(row)?.name).toBe('inner/deep/b.img')
  expect(listener.rows.size).toBe(2)
})

test('the rows of a place go with it, and those of others stay', async () => {
  const left = scratchFolder()
  const right = scratchFolder()
  raw(join(left, 'l.img'))
  raw(join(right, 'r.img'))
  const { library, listener } = watched()
  await library.setPlaces([left, right])
  await listener.until(() => listener.rows.size === 2)

  await library.setPlaces([right])
  await listener.until(() => listener.places.length === 1)
  expect(listener.names()).toEqual(['r.img'])
  raw(join(left, 'unheard.img'))
  raw(join(right, 'heard.img'))
  await listener.until(() => listener.rows.size === 2)
  expect(listener.names()).toEqual(['heard.img', 'r.img'])
})

test('looking again tells every row anew', async () => {
  const folder = scratchFolder()
  raw(join(folder, 'a.img'))
  raw(join(folder, 'b.img'))
  const { library, listener } = watched()
  await library.setPlaces([folder])
  await listener.settled()
  listener.rows.clear()
  await library.rescan()
  expect(listener.names()).toEqual(['a.img', 'b.img'])
})

test('where the system gives no notice of changes, they are found by looking', async () => {
  const folder = scratchFolder()
  mkdirSync(join(folder, 'sub'))
  raw(join(folder, 'sub/a.img'))
  const { library, listener } = watched({ rhythm: { checkInterval: 10, lookInterval: 10, deaf: true } })
  await library.setPlaces([folder])
  await listener.until(() => listener.names().join() === 'sub/a.img')

  raw(join(folder, 'sub/b.img'))
  await listener.until(() => listener.names().join() === 'sub/a.img,sub/b.img')
  truncateSync(join(folder, 'sub/a.img'), 7 * MiB)
  await listener.until(() => listener.rows.get(join(folder, 'sub/a.img'))?.virtualSize === 7 * MiB)
  rmSync(join(folder, 'sub'), { recursive: true })
  await listener.until(() => listener.rows.size === 0)
  expect(listener.places[0]).toMatchObject({ state: 'watching', volumeCount: 0 })
})

test('ten thousand volumes arrive in small events, and others get their turn in between', async () => {
  const folder = scratchFolder()
  const template = join(folder, 'template.qcow2')
  qcow2(template, '1G')
  for (let group = 0; group < 100; group += 1) {
    mkdirSync(join(folder, `group-${group}`))
    for (let disk = 0; disk < 100; disk += 1) linkSync(template, join(folder, `group-${group}`, `${disk}.qcow2`))
  }
  const { library, listener } = watched()
  let turns = 0
  let counting = true
  const count = (): void => {
    turns += 1
    if (counting) setImmediate(count)
  }
  await library.setPlaces([folder])
  await listener.until(() => listener.rows.size > 0)
  count()
  await listener.settled()
  counting = false

  expect(listener.rows.size).toBe(10_001)
  expect(listener.places[0]?.volumeCount).toBe(10_001)
  const sizes = listener.events.flatMap((event) => (event.kind === 'volumes' ? [event.volumes.length] : []))
  expect(Math.max(...sizes)).toBeLessThanOrEqual(100)
  expect(turns).toBeGreaterThan(20)
})

test('closing lets go of every folder', async () => {
  if (!existsSync('/proc/self/fdinfo')) throw new Error('this test counts the watches of Linux in /proc')
  const folder = scratchFolder()
  mkdirSync(join(folder, 'sub'))
  raw(join(folder, 'sub/a.img'))
  const before = watchCount()
  const { library, listener } = watched()
  await library.setPlaces([folder])
  await listener.settled()
  expect(watchCount()).toBe(before + 2)
  const told = listener.events.length
  await library.close()
  expect(watchCount()).toBe(before)
  rmSync(join(folder, 'sub'), { recursive: true })
  expect(listener.events.length).toBe(told)
})

function watchCount(): number {
  const infos = readdirSync('/proc/self/fdinfo').map((name) => readInfo(name))
  return infos.join('').split('inotify wd:').length - 1
}

function readInfo(name: string): string {
  try {
    return readFileSync(join('/proc/self/fdinfo', name), 'utf8')
  } catch {
    // The descriptor that listed them is closed by now.
    return ''
  }
}
