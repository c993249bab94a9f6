// Snapshots inside qcow2 images: what is kept of them, what is refused, and that a refusal changes nothing.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { VirtualDisk } from '../../core/image/virtual-disk.ts'
import type { SnapshotTable } from '../../core/image/facets.ts'
import { decodeHeader } from '../../core/formats/qcow2/header.ts'
import { HEADER, SNAPSHOT_EXTRA } from '../../core/formats/qcow2/layout.ts'
import { qcow2Driver } from '../../core/formats/qcow2/driver.ts'
import { GiB, KiB, MiB } from '../../core/model/units.ts'
import { firstDifference } from '../helpers/disk-model.ts'
import { ImageStates } from '../helpers/image-states.ts'
import { readOnly } from '../helpers/memory-gate.ts'
import { newestOracle } from '../helpers/oracles.ts'
import { Qemu } from '../helpers/qemu.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { randomFrom } from '../helpers/seeds.ts'
import { imageOf, newImage } from '../helpers/snapshot-image.ts'

const NOW = 1_700_000_000_123

describe('names and ids', () => {
  test('a new id is one more than the largest, as QEMU counts', async () => {
    const image = await newImage({})
    await image.snapshots((table) => table.create({ name: 'a', createdAt: NOW }))
    image.patchEntry((fields) => ({ ...fields, id: '41' }))
    await image.snapshots((table) => table.create({ name: 'b', createdAt: NOW }))
    expect((await image.list()).map(({ id, name }) => `${id} ${name}`)).toEqual(['41 a', '42 b'])
  })

  test('a name that is taken is refused, and so is none and one too long', async () => {
    const image = await newImage({})
    await image.snapshots((table) => table.create({ name: 'same', createdAt: NOW }))
    const refused = (name: string) => image.refused((table) => table.create({ name, createdAt: NOW }))
    expect(await refused('same')).toMatch(/has a snapshot named “same” already, with the id 1\./)
    expect(await refused('')).toMatch(/1 to 255 bytes long/)
    expect(await refused('é'.repeat(128))).toMatch(/this one has 256/)
    expect(await image.refused((table) => table.rename('1', ''))).toMatch(/1 to 255 bytes/)
    await image.snapshots((table) => table.create({ name: 'é'.repeat(127), createdAt: NOW }))
  })

  test('snapshots of one name, made elsewhere, are told apart by their ids', async () => {
    const image = await newImage({})
    await image.disk((disk) => disk.write(0, new Uint8Array(5).fill(1)))
    await image.snapshots((table) => table.create({ name: 'x', createdAt: NOW }))
    await image.disk((disk) => disk.write(0, new Uint8Array(5).fill(2)))
    await image.snapshots((table) => table.create({ name: 'y', createdAt: NOW }))
    image.patchEntry((fields) => ({ ...fields, name: 'y' }))
    await image.snapshots((table) => table.remove('2'))
    expect((await image.list()).map(({ id, name }) => `${id} ${name}`)).toEqual(['1 y'])
    await image.snapshots((table) => table.apply('1'))
    expect((await image.read())[0]).toBe(1)
  })

  test('an id that is not there is refused in every method', async () => {
    const image = await newImage({})
    for (const work of [
      (table: SnapshotTable) => table.apply('7'),
      (table: SnapshotTable) => table.remove('7'),
      (table: SnapshotTable) => table.rename('7', 'x'),
      (table: SnapshotTable) => table.open('7'),
    ])
      expect(await image.refused(work)).toMatch(/has no snapshot with the id “7”\./)
  })
})

describe('what is kept', () => {
  test('data Spindle does not know, and sizes of machine state past 4 GiB, byte for byte', async () => {
    const image = await newImage({})
    await image.snapshots((table) => table.create({ name: 'foreign', createdAt: NOW }))
    const extra = randomFrom(1).bytes(200)
    extra.set(SNAPSHOT_EXTRA.encode({ vm_state_size_large: 6 * GiB, disk_size: MiB, icount: 77n }))
    image.patchEntry((fields) => ({ ...fields, extra }))
    await image.snapshots((table) => table.create({ name: 'second', createdAt: NOW }))
    await image.snapshots((table) => table.rename('1', 'a longer name than before'))
    await image.snapshots((table) => table.remove('2'))
    const [only] = await image.list()
    expect(only).toMatchObject({ name: 'a longer name than before', vmStateSize: 6 * GiB, icount: 77 })
    expect(Buffer.compare(image.entry().extra, extra)).toBe(0)
  })

  test('the time a snapshot was taken, to the millisecond', async () => {
    const image = await newImage({})
    await image.snapshots((table) => table.create({ name: 'x', createdAt: NOW }))
    expect(await image.list()).toMatchObject([{ createdAt: NOW, nanoseconds: 123_000_000, vmClockNanoseconds: 0 }])
  })

  test('machine state, which QEMU sees, and which applying, other snapshots and growing leave alone', async () => {
    const folder = scratchFolder()
    const qemu = new Qemu(newestOracle(), folder)
    const image = await newImage({ cluster_size: 4 * KiB }, 3 * MiB + 512)
    const saved = randomFrom(2).bytes(5 * MiB + 777)
    const state = {
      size: saved.length,
      read: async (offset: number, into: Uint8Array) => into.set(saved.subarray(offset, offset + into.length)),
    }
    await image.disk((disk) => disk.write(MiB, new Uint8Array(MiB).fill(1)))
    await image.snapshots((table) => table.create({ name: 'running', createdAt: NOW, state }))
    await image.disk((disk) => disk.write(MiB, new Uint8Array(MiB).fill(2)))
    await image.snapshots((table) => table.create({ name: 'later', createdAt: NOW }))
    writeFileSync(join(folder, 'disk'), image.bytes())
    expect(qemu.check('disk')).toMatchObject({ corruptions: 0, leaks: 0, errors: 0 })
    expect(qemu.img('snapshot', '-l', 'disk')).toMatch(/running +5 MiB/)

    // QEMU brings the machine state back with the disk, above its end.
    qemu.img('snapshot', '-a', 'running', 'disk')
    image.replace(readFileSync(join(folder, 'disk')))
    await image.disk((disk) => resizeTo(disk, 9 * MiB))
    const disk = await image.read()
    expect(firstDifference(disk.subarray(3 * MiB + 512), new Uint8Array(6 * MiB - 512))).toBeUndefined()
    expect(firstDifference(disk.subarray(MiB, 2 * MiB), new Uint8Array(MiB).fill(1))).toBeUndefined()

    await image.snapshots((table) => table.apply('2'))
    await image.snapshots((table) => table.remove('2'))
    await image.snapshots((table) => table.apply('1'))
    expect(firstDifference(await image.read('1', 'state'), saved)).toBeUndefined()
    expect((await image.read()).length).toBe(3 * MiB + 512)
    writeFileSync(join(folder, 'disk'), image.bytes())
    expect(qemu.check('disk')).toMatchObject({ corruptions: 0, leaks: 0, errors: 0 })
    await image.snapshots((table) => table.remove('1'))
    expect(await image.damage()).toBeUndefined()
  })

  test('bitmaps, when a snapshot is taken, renamed and deleted; applying one is refused with them', async () => {
    const folder = scratchFolder()
    const qemu = new Qemu(newestOracle(), folder)
    qemu.img('create', '-q', '-f', 'qcow2', 'disk', '1M')
    qemu.img('bitmap', '--add', 'disk', 'changes')
    const image = imageOf(readFileSync(join(folder, 'disk')))
    await image.snapshots((table) => table.create({ name: 'one', createdAt: NOW }))
    await image.snapshots((table) => table.rename('1', 'two'))
    expect(await image.refused((table) => table.apply('1'))).toMatch(/has dirty bitmaps/)
    await image.snapshots((table) => table.create({ name: 'three', createdAt: NOW }))
    await image.snapshots((table) => table.remove('1'))
    writeFileSync(join(folder, 'disk'), image.bytes())
    expect(qemu.img('info', 'disk')).toMatch(/name: changes/)
    expect(qemu.check('disk')).toMatchObject({ corruptions: 0, leaks: 0, errors: 0 })
  })

  test('what unknown programs vouched for is no longer said to hold', async () => {
    const image = await newImage({})
    const { offset } = HEADER.fields.autoclear_features
    await image.file.write(offset, new Uint8Array([0x80, 0, 0, 0, 0, 0, 0, 0]))
    await image.snapshots((table) => table.create({ name: 'x', createdAt: NOW }))
    expect(decodeHeader(image.bytes(), 'disk').autoclear_features).toBe(0n)
  })

  test('a disk without any bytes can have a snapshot, and become it again', async () => {
    const image = await newImage({}, 0)
    await image.snapshots((table) => table.create({ name: 'empty', createdAt: NOW }))
    await image.disk((disk) => resizeTo(disk, MiB))
    await image.disk((disk) => disk.write(0, new Uint8Array(KiB).fill(1)))
    await image.snapshots((table) => table.apply('1'))
    expect((await image.read()).length).toBe(0)
    expect(await image.damage()).toBeUndefined()
  })

  test('a snapshot that does not say how large the disk was is as large as the disk is', async () => {
    const image = await newImage({ compat: '0.10', cluster_size: 4 * KiB }, MiB)
    await image.disk((disk) => disk.write(0, new Uint8Array(MiB).fill(3)))
    await image.snapshots((table) => table.create({ name: 'old', createdAt: NOW }))
    image.patchEntry((fields) => ({ ...fields, extra: new Uint8Array(0) }))
    await image.disk((disk) => disk.write(0, new Uint8Array(MiB).fill(4)))
    await image.snapshots((table) => table.apply('1'))
    expect(firstDifference(await image.read(), new Uint8Array(MiB).fill(3))).toBeUndefined()
    expect(await image.damage()).toBeUndefined()
  })
})

describe('what is refused, with nothing changed', () => {
  test('a snapshot of data that one-bit counts cannot share; of no data it can be taken', async () => {
    const image = await newImage({ refcount_bits: 1 })
    await image.snapshots((table) => table.create({ name: 'nothing yet', createdAt: NOW }))
    await image.disk((disk) => disk.write(0, new Uint8Array(5).fill(1)))
    const sentence = await image.refused((table) => table.create({ name: 'x', createdAt: NOW }))
    expect(sentence).toMatch(/its reference counts are 1 bit wide, so a cluster can belong to 1 of the disk/)
    await image.snapshots((table) => table.remove('1'))
    expect(await image.damage()).toBeUndefined()
  })

  test.each([
    [2, 3],
    [4, 15],
  ])('more snapshots than counts of %i bits have room for', async (bits, owners) => {
    const image = await newImage({ refcount_bits: bits })
    await image.disk((disk) => disk.write(0, new Uint8Array(5).fill(1)))
    for (let count = 1; count < owners; count += 1)
      await image.snapshots((table) => table.create({ name: `s${count}`, createdAt: NOW }))
    expect(await image.refused((table) => table.create({ name: 'x', createdAt: NOW }))).toMatch(/cannot share its data/)
    expect(await image.refused((table) => table.apply('1'))).toMatch(/cannot share its data/)
    await image.snapshots((table) => table.remove('2'))
    await image.snapshots((table) => table.apply('1'))
    expect(await image.damage()).toBeUndefined()
  })

  test('a snapshot of packed clusters that share one so often that counting them twice has no room', async () => {
    const folder = scratchFolder()
    const qemu = new Qemu(newestOracle(), folder)
    qemu.img('create', '-q', '-f', 'qcow2', '-o', 'refcount_bits=8', 'disk', '16M')
    const writes = Array.from(
      { length: 200 },
      (_, cluster) => `write -c -P ${1 + (cluster % 250)} ${cluster * 65_536} 64k`,
    )
    qemu.io('disk', writes)
    const image = imageOf(readFileSync(join(folder, 'disk')))
    expect(await image.refused((table) => table.create({ name: 'x', createdAt: NOW }))).toMatch(/8 bits wide/)
  })

  test('a snapshot of an image with an external data file', async () => {
    const image = await newImage({ data_file: 'data' })
    const sentence = await image.refused((table) => table.create({ name: 'x', createdAt: NOW }))
    expect(sentence).toMatch(/keeps its data in a file of its own/)
  })

  test('changes to an image that is open for reading, whose snapshots can still be read', async () => {
    const image = await newImage({})
    await image.disk((disk) => disk.write(0, new Uint8Array(5).fill(1)))
    await image.snapshots((table) => table.create({ name: 'x', createdAt: NOW }))
    const layer = await qcow2Driver.open(readOnly(image.file), image.folder, 'read')
    expect(await layer.snapshots?.list()).toHaveLength(1)
    await expect(layer.snapshots?.remove('1')).rejects.toMatchObject({ code: 'access-denied' })
    expect(firstDifference(await image.read('1'), await image.read())).toBeUndefined()
  })

  test('deleting and applying a snapshot whose tables are damaged', async () => {
    const image = await newImage({})
    await image.disk((disk) => disk.write(0, new Uint8Array(5).fill(1)))
    await image.snapshots((table) => table.create({ name: 'x', createdAt: NOW }))
    const { l1 } = image.entry()
    await image.file.write(l1, new Uint8Array([0, 0, 0, 0x10, 0, 0, 0, 0]))
    expect(await image.refused((table) => table.apply('1'))).toMatch(/is damaged: the L1 entry at offset \d+ leads to/)
    await expect(image.snapshots((table) => table.remove('1'))).rejects.toMatchObject({ code: 'invalid-image' })
  })

  test('everything, when the list itself is damaged', async () => {
    const image = await newImage({})
    await image.snapshots((table) => table.create({ name: 'x', createdAt: NOW }))
    image.patchEntry((fields) => ({ ...fields, extra: new Uint8Array(2000) }))
    expect(await image.refused((table) => table.list())).toMatch(/claims 2000 bytes of extra data/)
    expect(await image.refused((table) => table.create({ name: 'y', createdAt: NOW }))).toMatch(/snapshot table/)
  })
})

describe('the file', () => {
  test('taking and deleting snapshots over and over does not make it longer', async () => {
    const image = await newImage({ cluster_size: 4 * KiB })
    await image.disk((disk) => disk.write(0, randomFrom(3).bytes(MiB)))
    const sizes: number[] = []
    for (let round = 0; round < 8; round += 1) {
      await image.snapshots((table) => table.create({ name: 'x', createdAt: NOW }))
      await image.disk((disk) => disk.write(0, randomFrom(round).bytes(512 * KiB)))
      await image.snapshots(async (table) => table.remove((await table.list())[0]?.id ?? ''))
      sizes.push(await image.file.size())
    }
    expect(Math.max(...sizes.slice(2)) - (sizes[1] ?? 0)).toBeLessThanOrEqual(16 * 4 * KiB)
    expect(await image.damage()).toBeUndefined()
  })

  test('tables larger than a cluster are found room for, also with the smallest clusters', async () => {
    const states = await ImageStates.create({ size: 48 * MiB, options: { cluster_size: 512 } })
    const random = randomFrom(5)
    await states.do({ kind: 'work', count: 4 }, random)
    await states.do({ kind: 'create', name: 'x'.repeat(200) }, random)
    await states.do({ kind: 'work', count: 4 }, random)
    await states.do({ kind: 'create', name: 'y'.repeat(255) }, random)
    await states.do({ kind: 'resize', size: 96 * MiB, preallocation: 'off' }, random)
    await states.do({ kind: 'apply', index: 0 }, random)
    await states.do({ kind: 'remove', index: 1 }, random)
    expect(await states.difference()).toBeUndefined()
    expect(await states.damage()).toBeUndefined()
  })
})

async function resizeTo(disk: VirtualDisk, size: number): Promise<void> {
  await disk.top.resizer?.resize(size, 'off')
}
