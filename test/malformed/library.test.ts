// Folders as they should not be: damaged, hostile and unreadable files beside good ones.

import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { drivers } from '../../core/formats/index.ts'
import { createLibrary } from '../../core/library/library.ts'
import type { ErrorData } from '../../core/model/error.ts'
import type { PlaceFacts } from '../../core/model/library.ts'
import { MiB } from '../../core/model/units.ts'
import { Listener } from '../helpers/listener.ts'
import { newestOracle } from '../helpers/oracles.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { randomFrom, seeds } from '../helpers/seeds.ts'

const { qemuImg } = newestOracle()

async function shown(folder: string): Promise<Listener> {
  const listener = new Listener()
  const library = createLibrary({ drivers, emit: listener.emit })
  onTestFinished(() => library.close())
  await library.setPlaces([folder])
  await listener.settled()
  return listener
}

function qcow2(path: string, ...options: readonly string[]): void {
  execFileSync(qemuImg, ['create', '-q', '-f', 'qcow2', ...options, path, '64M'])
}

test.for(seeds())('damaged images are rows with a sentence, and hide no good one (seed %i)', async (seed) => {
  const random = randomFrom(seed)
  const folder = scratchFolder()
  const good = join(folder, 'good.qcow2')
  qcow2(good, '-o', 'cluster_size=4k')
  const content = new Uint8Array(execFileSync('cat', [good]))
  for (let count = 0; count < 200; count += 1) {
    const damaged = content.slice(0, random.happens(0.3) ? random.below(content.length) : content.length)
    for (let flips = 1 + random.below(6); flips > 0; flips -= 1) {
      damaged[random.below(Math.min(damaged.length, 600))] = random.pick([0, 1, 0x7f, 0x80, 0xff, random.below(256)])
    }
    writeFileSync(join(folder, `damaged-${count}.qcow2`), damaged)
  }
  const listener = await shown(folder)
  expect(listener.rows.size).toBe(201)
  expect(listener.rows.get(good)).toMatchObject({ format: 'qcow2', virtualSize: 64 * MiB })
  expect(listener.rows.get(good)).not.toHaveProperty('error')
  const errors = [...listener.rows.values()].flatMap(({ error }) => (error ? [error] : []))
  expect(errors.length).toBeGreaterThan(20)
  expect(errors.filter(({ code }) => code === 'internal')).toEqual([])
  for (const error of errors) expect(error.message).toMatch(/^[^\n]+\.$/)
})

test('names with newlines, quotes and bytes of other scripts are shown as they are', async () => {
  const folder = scratchFolder()
  const names = ['new\nline.img', 'quo"te’s.img', '-rf.img', 'json:{}.img', 'диск 디스크 卷.img', '%s%n.img']
  for (const name of names) {
    writeFileSync(join(folder, name), 'x')
    truncateSync(join(folder, name), MiB)
  }
  const listener = await shown(folder)
  expect(listener.names()).toEqual(names.toSorted())
})

test('an image is not opened to find out what it refers to', async () => {
  const folder = scratchFolder()
  qcow2(join(folder, 'gone.qcow2'))
  qcow2(join(folder, 'overlay.qcow2'), '-b', 'gone.qcow2', '-F', 'qcow2')
  qcow2(join(folder, 'tables.qcow2'), '-o', `data_file=${join(folder, 'data')}`)
  execFileSync('rm', [join(folder, 'gone.qcow2'), join(folder, 'data')])
  const listener = await shown(folder)
  expect(listener.names()).toEqual(['overlay.qcow2', 'tables.qcow2'])
  expect(listener.rows.get(join(folder, 'overlay.qcow2'))).toMatchObject({
    backing: 'gone.qcow2',
    virtualSize: 64 * MiB,
  })
  expect([...listener.rows.values()].filter(({ error }) => error)).toEqual([])
})

test('a tree of folders as deep as paths can be is looked through to its end', async () => {
  const folder = scratchFolder()
  let deepest = folder
  while (deepest.length < 3800) {
    deepest = join(deepest, 'a-folder-with-a-name-of-some-length')
    mkdirSync(deepest)
  }
  writeFileSync(join(deepest, 'deep.img'), 'x')
  const listener = await shown(folder)
  expect([...listener.rows.keys()]).toEqual([join(deepest, 'deep.img')])
})

test('files that only seem to be images of this kind are told by their signature', async () => {
  const folder = scratchFolder()
  writeFileSync(join(folder, 'text.qcow2'), 'this is not an image')
  writeFileSync(join(folder, 'empty.img'), '')
  writeFileSync(join(folder, 'odd.img'), 'x'.repeat(1000))
  qcow2(join(folder, 'real.raw'))
  const listener = await shown(folder)
  const rows = new Map([...listener.rows.values()].map((row) => [row.name, row]))
  expect(rows.get('text.qcow2')).toMatchObject({ format: 'qcow2', error: { code: 'invalid-image' } })
  expect(rows.get('empty.img')).toMatchObject({ format: 'raw', virtualSize: 0 })
  expect(rows.get('odd.img')).toMatchObject({ format: 'raw', fileSize: 1000 })
  expect(rows.get('real.raw')).toMatchObject({ format: 'qcow2', virtualSize: 64 * MiB })
})

test('what may not be read is a row, and a folder that may not be listed is told of', () => {
  const folder = scratchFolder()
  writeFileSync(join(folder, 'locked.qcow2'), 'nobody may know')
  writeFileSync(join(folder, 'locked.txt'), 'nobody may know')
  mkdirSync(join(folder, 'closed'))
  chmodSync(join(folder, 'locked.qcow2'), 0)
  chmodSync(join(folder, 'locked.txt'), 0)
  chmodSync(join(folder, 'closed'), 0)
  const { names, errors, place } = JSON.parse(asOrdinaryUser(LISTING, folder)) as {
    readonly names: readonly string[]
    readonly errors: readonly ErrorData[]
    readonly place: PlaceFacts
  }
  expect(names).toEqual(['locked.qcow2'])
  expect(errors).toMatchObject([{ code: 'access-denied', path: join(folder, 'locked.qcow2') }])
  expect(place).toMatchObject({ state: 'watching', error: { code: 'access-denied', path: join(folder, 'closed') } })
})

/** A program that tells what a place shows. */
const LISTING = `
  import { Listener } from '${new URL('../helpers/listener.ts', import.meta.url).href}'
  import { createLibrary } from '${new URL('../../core/library/library.ts', import.meta.url).href}'
  import { drivers } from '${new URL('../../core/formats/index.ts', import.meta.url).href}'
  const listener = new Listener()
  const library = createLibrary({ drivers, emit: listener.emit })
  await library.setPlaces([process.argv[1]])
  await listener.settled()
  const errors = [...listener.rows.values()].flatMap((row) => row.error ?? [])
  console.log(JSON.stringify({ names: listener.names(), errors, place: listener.places[0] }))
  await library.close()
`

/** Root may read everything, so root’s tests give that right up. */
function asOrdinaryUser(program: string, folder: string): string {
  const apart =
    process.getuid?.() === 0
      ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search', '--inh-caps=-dac_override,-dac_read_search']
      : []
  const [command, ...words] = [...apart, process.execPath, '--input-type=module', '-e', program, folder]
  return execFileSync(command, words, { encoding: 'utf8' })
}
