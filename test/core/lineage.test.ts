// Who lies on whom in the library, as rows come, change and go.

import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { drivers } from '../../core/formats/index.ts'
import { createLibrary } from '../../core/library/library.ts'
import { Lineage } from '../../core/library/lineage.ts'
import type { VolumeFacts } from '../../core/model/library.ts'
import { ImageLocks } from '../../core/storage/image-locks.ts'
import { holdersOf, markedInodes } from '../../core/storage/lock-holders.ts'
import { Listener } from '../helpers/listener.ts'
import { newestOracle } from '../helpers/oracles.ts'
import { scratchFolder } from '../helpers/scratch.ts'

const { qemuImg } = newestOracle()

function image(path: string, ...options: readonly string[]): void {
  execFileSync(qemuImg, ['create', '-q', ...options, path, '8M'])
}

async function watched(
  folder: string,
): Promise<{ listener: Listener; row: (name: string) => VolumeFacts | undefined }> {
  const listener = new Listener()
  const lineage = new Lineage()
  const library = createLibrary({
    drivers,
    emit: (event) => {
      for (const told of lineage.note(event)) listener.emit(told)
    },
  })
  onTestFinished(() => library.close())
  await library.setPlaces([folder])
  await listener.settled()
  return { listener, row: (name) => listener.rows.get(join(folder, name)) }
}

test('a row says what it lies on and how many lie on it, and that follows what happens to the files', async () => {
  const folder = scratchFolder()
  mkdirSync(join(folder, 'base'))
  image(join(folder, 'base/debian.qcow2'), '-f', 'qcow2')
  for (const name of ['one', 'two'])
    image(join(folder, `${name}.qcow2`), '-f', 'qcow2', '-b', 'base/debian.qcow2', '-F', 'qcow2')
  const { listener, row } = await watched(folder)
  expect(row('one.qcow2')?.parent).toBe(join(folder, 'base/debian.qcow2'))
  expect(row('base/debian.qcow2')?.overlayCount).toBe(2)

  rmSync(join(folder, 'two.qcow2'))
  await listener.until(() => row('base/debian.qcow2')?.overlayCount === 1)
  renameSync(join(folder, 'base/debian.qcow2'), join(folder, 'base/away.qcow2'))
  await listener.until(() => row('one.qcow2')?.parentMissing === true)
  renameSync(join(folder, 'base/away.qcow2'), join(folder, 'base/debian.qcow2'))
  await listener.until(() => row('one.qcow2')?.parent !== undefined)
  expect(row('one.qcow2')?.parentMissing).toBeUndefined()
})

test('the data file and the extents of an image are no volumes of their own, whatever they are called', async () => {
  const folder = scratchFolder()
  image(join(folder, 'disk.qcow2'), '-f', 'qcow2', '-o', `data_file=${join(folder, 'content.img')},data_file_raw=on`)
  image(join(folder, 'flat.vmdk'), '-f', 'vmdk', '-o', 'subformat=monolithicFlat')
  const { listener, row } = await watched(folder)
  expect(listener.names()).toEqual(['disk.qcow2', 'flat.vmdk'])
  expect(row('disk.qcow2')?.members).toEqual([join(folder, 'content.img')])
  rmSync(join(folder, 'disk.qcow2'))
  await listener.until(() => row('content.img') !== undefined)
})

test('a volume that is in use says by whom, but not when it is by ourselves', async () => {
  const folder = scratchFolder()
  const path = join(folder, 'disk.img')
  image(path, '-f', 'raw')
  const { row } = await watched(folder)
  const inode = row('disk.img')?.inode ?? ''
  expect(markedInodes().has(inode)).toBe(false)
  await using held = await new ImageLocks().open(path, 'write', 'locked')
  expect(held.writable).toBe(true)
  expect(markedInodes().has(inode)).toBe(true)
  expect(holdersOf(new Set([inode])).has(inode)).toBe(false)
})
