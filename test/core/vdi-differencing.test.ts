// VDI images that hold only what differs from another: found by its UUID, never read without it.

import { mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test, vi } from 'vitest'
import { ZERO } from '../../core/formats/vdi/layout.ts'
import { newUuid, uuidText } from '../../core/formats/vdi/uuid.ts'
import { openDisk } from '../../core/image/chain.ts'
import { createEngine } from '../../core/index.ts'
import type { LibraryEvent } from '../../core/model/library.ts'
import { dependentsOf } from '../../core/operations/dependents.ts'
import { inspect } from '../../core/operations/inspect.ts'
import { openSource, systemParts } from '../../core/operations/parts.ts'
import { openFile } from '../../core/storage/file.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { spindleHere } from '../helpers/spindle.ts'
import { BLOCK, makeVdi, readHeader, setEntry, setHeader } from '../helpers/vdi-bytes.ts'

let folder: string
let parent: Uint8Array

/** What lies on the image that calls itself `uuid`. */
async function makeChild(path: string, letters: string, uuid: Uint8Array): Promise<Uint8Array> {
  await using storage = await openFile(path, 'create')
  await makeVdi(storage, letters)
  await setHeader(storage, { image_type: 4, uuid_link: uuid })
  return (await readHeader(storage)).uuid_image
}

async function makeParent(path: string, letters: string): Promise<Uint8Array> {
  await using storage = await openFile(path, 'create')
  await makeVdi(storage, letters)
  return (await readHeader(storage)).uuid_image
}

async function letters(path: string): Promise<string> {
  await using disk = await openSource(path, undefined, systemParts())
  const bytes = Buffer.alloc(disk.size)
  await disk.read(0, bytes)
  return Array.from({ length: disk.size / BLOCK }, (_, block) => bytes.toString('latin1', block * BLOCK)[0])
    .join('')
    .replaceAll('\0', '.')
}

beforeEach(async () => {
  folder = scratchFolder()
  mkdirSync(join(folder, 'Snapshots'))
  parent = await makeParent(join(folder, 'base.vdi'), 'abcd')
  await makeParent(join(folder, 'other.vdi'), 'xxxx')
})

test('the image below is found in the same folder, whatever it is called there', async () => {
  await makeChild(join(folder, 'child.vdi'), '.B..', parent)
  renameSync(join(folder, 'base.vdi'), join(folder, 'renamed since.vdi'))
  expect(await letters(join(folder, 'child.vdi'))).toBe('aBcd')
})

test('the image below is found in the folder above, and its own in Snapshots', async () => {
  const middle = await makeChild(join(folder, 'Snapshots', '{1}.vdi'), '.B..', parent)
  const top = await makeChild(join(folder, 'Snapshots', '{2}.vdi'), '..C.', middle)
  await makeChild(join(folder, 'moved out.vdi'), '...D', top)
  expect(await letters(join(folder, 'Snapshots', '{1}.vdi'))).toBe('aBcd')
  expect(await letters(join(folder, 'Snapshots', '{2}.vdi'))).toBe('aBCd')
  expect(await letters(join(folder, 'moved out.vdi'))).toBe('aBCD')
})

test('the image below is found anywhere in the library', async () => {
  const elsewhere = scratchFolder()
  const child = join(folder, 'Snapshots', 'child.vdi')
  await makeChild(child, '.B..', parent)
  renameSync(join(folder, 'base.vdi'), join(elsewhere, 'moved.vdi'))
  await expect(letters(child)).rejects.toMatchObject({ code: 'missing-file' })
  const told: LibraryEvent[] = []
  const engine = createEngine({ emit: (name, value) => name === 'library' && told.push(value as LibraryEvent) })
  await engine.setPlaces([elsewhere])
  await vi.waitFor(() => expect(told).toContainEqual(expect.objectContaining({ kind: 'volumes' })))
  const chain = await engine.inspect(child)
  expect(chain.map(({ path }) => path)).toEqual([child, join(elsewhere, 'moved.vdi')])
  await engine.close()
})

test('without the image below it is refused by its UUID, and described all the same', async () => {
  const uuid = newUuid()
  const child = join(folder, 'child.vdi')
  await makeChild(child, '.B..', uuid)
  const refusal = { code: 'missing-file', message: expect.stringContaining(uuidText(uuid)) as unknown }
  await expect(letters(child)).rejects.toMatchObject(refusal)
  await expect(letters(child)).rejects.toMatchObject({ message: expect.stringContaining('same folder') as unknown })
  const chain = await inspect({ path: child, chain: true }, systemParts())
  expect(chain).toMatchObject([{ format: 'vdi', virtualSize: 4 * BLOCK, unreadable: { code: 'missing-file' } }])
})

test('a copy of the image below under another UUID is not taken for it', async () => {
  await makeChild(join(folder, 'child.vdi'), '.B..', parent)
  {
    await using storage = await openFile(join(folder, 'base.vdi'), 'write')
    await setHeader(storage, { uuid_image: newUuid() })
  }
  await expect(letters(join(folder, 'child.vdi'))).rejects.toMatchObject({ code: 'missing-file' })
})

test('an image that names itself as the one below is refused', async () => {
  const path = join(folder, 'child.vdi')
  const own = await makeChild(path, '.B..', parent)
  {
    await using storage = await openFile(path, 'write')
    await setHeader(storage, { uuid_link: own })
  }
  await expect(letters(path)).rejects.toMatchObject({ code: 'missing-file' })
})

test('what is zeroed in it hides what lies below, and what is only written in part keeps the rest', async () => {
  const path = join(folder, 'child.vdi')
  await makeChild(path, '....', parent)
  {
    await using storage = await openFile(path, 'write')
    await setEntry(storage, 0, ZERO)
  }
  expect(await letters(path)).toBe('.bcd')
  {
    const parts = systemParts()
    await using disk = await openDisk(await openFile(path, 'write'), { ...parts, access: 'write' })
    await disk.zero(BLOCK, BLOCK)
    await disk.write(2 * BLOCK + 512, Buffer.alloc(512, 'C'))
    await disk.zero(3 * BLOCK, 512)
  }
  await using disk = await openSource(path, 'vdi', systemParts())
  const bytes = Buffer.alloc(disk.size)
  await disk.read(0, bytes)
  const wanted = Buffer.alloc(4 * BLOCK)
  wanted.fill('c', 2 * BLOCK, 3 * BLOCK)
  wanted.fill('C', 2 * BLOCK + 512, 2 * BLOCK + 1024)
  wanted.fill('d', 3 * BLOCK + 512)
  expect(bytes.equals(wanted)).toBe(true)
  expect(await letters(join(folder, 'base.vdi'))).toBe('abcd')
})

test('converting it takes along what lies below, and its size cannot be changed alone', async () => {
  const path = join(folder, 'child.vdi')
  await makeChild(path, '.B..', parent)
  const target = join(folder, 'whole.vdi')
  expect(await spindleHere('convert', '-O', 'vdi', path, target)).toMatchObject({ code: 0 })
  await using disk = await openSource(target, 'vdi', systemParts())
  expect(disk.layers).toHaveLength(1)
  const resized = await spindleHere('resize', path, '1M')
  expect(resized).toMatchObject({ code: 1, error: expect.stringContaining('differs from another image') as unknown })
})

test('who lies on an image by its UUID counts when that image is about to change', async () => {
  const child = join(folder, 'child.vdi')
  await makeChild(child, '.B..', parent)
  const base = join(folder, 'base.vdi')
  expect(await dependentsOf([base], [base], [folder], systemParts())).toEqual([child])
  expect(await dependentsOf([join(folder, 'other.vdi')], [], [folder], systemParts())).toEqual([])
})

test('the command calls the image below by its name, wherever it was found', async () => {
  const child = join(folder, 'Snapshots', 'child.vdi')
  await makeChild(child, '.B..', parent)
  const { out } = await spindleHere('info', '--backing-chain', child)
  expect(out).toContain(`backing file: uuid:${uuidText(parent)} (actual path: ${join(folder, 'base.vdi')})`)
  expect(out).toContain(`image: ${join(folder, 'base.vdi')}\n`)
  const map = await spindleHere('map', child)
  expect(map.out).toMatch(/base\.vdi\n[^\n]+child\.vdi\n[^\n]+base\.vdi\n/)
})
