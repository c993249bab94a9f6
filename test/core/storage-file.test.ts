// A storage in a real file: what it reads, what room it takes, and what it says when the system refuses.

import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SpindleError } from '../../core/model/error.ts'
import { MiB } from '../../core/model/units.ts'
import { openFile } from '../../core/storage/file.ts'
import type { FileAccess } from '../../core/storage/file.ts'
import { MemoryStorage } from '../../core/storage/memory.ts'
import type { Storage } from '../../core/storage/storage.ts'
import { systemError } from '../../core/storage/system-error.ts'
import { FaultyStorage, randomNumbers } from '../helpers/faulty-storage.ts'

let folder = ''
let files = 0

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'spindle-storage-'))
})

afterAll(() => {
  rmSync(folder, { recursive: true })
})

function newPath(): string {
  return join(folder, `file-${(files += 1)}`)
}

async function failure(work: Promise<unknown>): Promise<SpindleError> {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(thrown).toBeInstanceOf(SpindleError)
  return thrown as SpindleError
}

/** The code and sentence a file is refused with, which must name the file and no number of the system's. */
async function refusal(path: string, access: FileAccess): Promise<string> {
  const error = await failure(openFile(path, access))
  expect(error.path).toBe(path)
  expect(error.message).toContain(dirname(path))
  expect(error.message).not.toMatch(/\bE[A-Z]{3,}\b/)
  return `${error.code}: ${error.message}`
}

async function contentOf(storage: Storage): Promise<Buffer> {
  const bytes = Buffer.alloc(await storage.size())
  await storage.read(0, bytes)
  return bytes
}

describe.each([
  ['with the kernel’s help', { portable: false }],
  ['the portable way', { portable: true }],
])('a file %s', (_name, options) => {
  test('holds what random writes, zeros, discards, reservations and cuts leave in a flat array', async () => {
    const seed = Date.now() % 1_000_000
    console.log(`seed ${seed}`)
    const random = randomNumbers(seed)
    await using storage = await openFile(newPath(), 'create', options)
    const model = new MemoryStorage()
    for (let step = 0; step < 150; step += 1) {
      const offset = Math.floor(random() * 300_000)
      const length = Math.floor(random() * 50_000)
      const bytes = new Uint8Array(length).fill(1 + Math.floor(random() * 255))
      const choice = Math.floor(random() * 5)
      for (const one of [storage, model]) {
        if (choice === 0) await one.write(offset, bytes)
        if (choice === 1) await one.zero(offset, length)
        if (choice === 2) await one.discard(offset, length)
        if (choice === 3) await one.allocate(offset, length)
        if (choice === 4) await one.truncate(offset + length)
      }
      expect(await storage.size(), `seed ${seed}, step ${step}`).toBe(await model.size())
    }
    expect((await contentOf(storage)).equals(await model.bytes()), `seed ${seed}`).toBe(true)
  })

  test('keeps room reserved after allocate and zero', async () => {
    await using storage = await openFile(newPath(), 'create', options)
    await storage.write(0, new Uint8Array(4096).fill(7))
    await storage.allocate(0, MiB)
    expect(await storage.allocatedSize()).toBeGreaterThanOrEqual(MiB)
    await storage.zero(0, MiB)
    await storage.flush()
    expect(await storage.allocatedSize()).toBeGreaterThanOrEqual(MiB)
    expect((await contentOf(storage)).every((byte) => byte === 0)).toBe(true)
  })

  test('reads short only where it ends, and grows when written past its end', async () => {
    const path = newPath()
    await using storage = await openFile(path, 'create', options)
    await storage.write(10, new Uint8Array([1, 2, 3]))
    expect(await storage.size()).toBe(13)
    const into = new Uint8Array(8).fill(9)
    expect(await storage.read(9, into)).toBe(4)
    expect([...into]).toEqual([0, 1, 2, 3, 9, 9, 9, 9])
    expect(await storage.read(20, into)).toBe(0)
  })

  test('tiles a sparse file with segments that miss no data', async () => {
    const path = newPath()
    await using storage = await openFile(path, 'create', options)
    await storage.truncate(24 * MiB)
    for (const at of [0, 5 * MiB, 20 * MiB + 12_345])
      await storage.write(at, new Uint8Array(70_000).fill((at % 251) | 1))
    const found = new Uint8Array(24 * MiB)
    for (let offset = 0; offset < 24 * MiB;) {
      const { hole, length } = await storage.segment(offset)
      expect(length).toBeGreaterThan(0)
      if (!hole) await storage.read(offset, found.subarray(offset, offset + length))
      offset += length
    }
    expect(Buffer.from(found).equals(await contentOf(storage))).toBe(true)
  })
})

describe('with the kernel’s help', () => {
  test('a hole is seen, and discarding gives room back', async () => {
    await using storage = await openFile(newPath(), 'create')
    await storage.write(0, new Uint8Array(8 * MiB).fill(1))
    await storage.flush()
    const before = await storage.allocatedSize()
    await storage.discard(MiB, 6 * MiB)
    expect(await storage.segment(0)).toEqual({ hole: false, length: MiB })
    expect(await storage.segment(MiB)).toEqual({ hole: true, length: 6 * MiB })
    expect(await storage.segment(2 * MiB)).toEqual({ hole: true, length: 5 * MiB })
    expect(await storage.allocatedSize()).toBeLessThanOrEqual(before - 6 * MiB)
    expect(await storage.size()).toBe(8 * MiB)
  })

  test('the hole at the end of a file is seen', async () => {
    await using storage = await openFile(newPath(), 'create')
    await storage.truncate(10 * MiB)
    expect(await storage.segment(MiB)).toEqual({ hole: true, length: 9 * MiB })
  })
})

test('two openings of one file are the same object, also through a link', async () => {
  const path = newPath()
  const link = newPath()
  writeFileSync(path, 'x')
  symlinkSync(path, link)
  writeFileSync(`${path}-other`, 'x')
  await using one = await openFile(path, 'read')
  await using two = await openFile(link, 'read')
  await using other = await openFile(`${path}-other`, 'read')
  expect(two.identity).toBe(one.identity)
  expect(other.identity).not.toBe(one.identity)
})

test('a closed file is not read again, whatever its number means by then', async () => {
  const path = newPath()
  writeFileSync(path, 'x')
  const storage = await openFile(path, 'read')
  await storage.close()
  await storage.close()
  await using other = await openFile(path, 'read')
  expect(other.descriptor).toBeGreaterThan(0)
  expect(storage.descriptor).toBeUndefined()
  await failure(storage.read(0, new Uint8Array(1)))
})

describe('a plain sentence says why', () => {
  const longName = 'n'.repeat(300)

  test('a file is missing', async () => {
    expect(await refusal(newPath(), 'read')).toMatch(/^not-found: .*There is no file/)
    expect(await refusal(newPath(), 'write')).toMatch(/^not-found: .*There is no file/)
  })

  test('a folder is missing where a file is to be created', async () => {
    expect(await refusal(join(newPath(), 'disk.img'), 'create')).toMatch(/^not-found: .*folder .* does not exist/)
  })

  test('a folder is no disk', async () => {
    const path = newPath()
    mkdirSync(path)
    expect(await refusal(path, 'read')).toMatch(/^invalid-argument: .*is a folder/)
    expect(await refusal(path, 'write')).toMatch(/^invalid-argument: .*is a folder/)
  })

  test('a pipe is no disk, and is not waited for', async () => {
    const path = newPath()
    execFileSync('mkfifo', [path])
    expect(await refusal(path, 'read')).toMatch(/^invalid-argument: .*is a pipe/)
    expect(await refusal(path, 'write')).toMatch(/^invalid-argument: .*is a pipe/)
  })

  test('a socket and a character device are no disks', async () => {
    const path = newPath()
    const server = createServer().listen(path)
    await new Promise((done) => server.once('listening', done))
    expect(await refusal(path, 'read')).toMatch(/^invalid-argument: .*socket/)
    await new Promise((done) => server.close(done))
    expect(await refusal('/dev/null', 'read')).toMatch(/^invalid-argument: .*character device/)
  })

  test('a file is there already and stays as it is', async () => {
    const path = newPath()
    writeFileSync(path, 'precious')
    expect(await refusal(path, 'create')).toMatch(/^exists: .*exists already and was not touched/)
    expect(statSync(path).size).toBe(8)
    const dangling = newPath()
    symlinkSync(join(folder, 'nowhere'), dangling)
    expect(await refusal(dangling, 'create')).toMatch(/^exists: .*exists already/)
  })

  test('a name is too long, leads in a circle, or lies below a file', async () => {
    expect(await refusal(join(folder, longName), 'create')).toMatch(/^invalid-argument: .*longer than/)
    const circle = newPath()
    symlinkSync(circle, circle)
    expect(await refusal(circle, 'read')).toMatch(/^invalid-argument: .*circle/)
    const path = newPath()
    writeFileSync(path, '')
    expect(await refusal(join(path, 'disk.img'), 'read')).toMatch(/^not-found: .*not a folder/)
  })

  test('permission is missing', async () => {
    // Root may read and write every ordinary file, but not these two of the kernel's.
    let unreadable = '/sys/bus/pci/rescan'
    let unwritable = '/sys/kernel/notes'
    if (process.getuid?.() !== 0) {
      unreadable = unwritable = newPath()
      writeFileSync(unreadable, '')
      chmodSync(unreadable, 0)
    }
    expect(await refusal(unreadable, 'read')).toMatch(/^access-denied: .*no permission to read/)
    expect(await refusal(unwritable, 'write')).toMatch(/^access-denied: .*no permission to write/)
  })

  test('a storage open for reading is not written', async () => {
    const path = newPath()
    writeFileSync(path, 'x')
    await using storage = await openFile(path, 'read')
    expect((await failure(storage.write(0, new Uint8Array(1)))).code).toBe('access-denied')
    expect((await failure(storage.truncate(0))).code).toBe('access-denied')
    expect(statSync(path).size).toBe(1)
  })

  test.each([
    ['ENOSPC', 'no-space'],
    ['EDQUOT', 'no-space'],
    ['EFBIG', 'no-space'],
    ['EROFS', 'access-denied'],
    ['EIO', 'io'],
    ['ETXTBSY', 'in-use'],
    ['EMFILE', 'io'],
    ['ESTALE', 'io'],
  ])('the system answers %s', (name, code) => {
    const thrown = Object.assign(new Error(`${name}: some words of the system, write`), { code: name })
    const error = systemError(thrown, 'write', '/images/disk.img', 512)
    expect(error.code).toBe(code)
    expect(error.message).toContain('/images/disk.img')
    expect(error.message).not.toContain(name)
    expect(error.message).not.toContain('undefined')
  })
})

describe('a full file system', () => {
  test('is told of, and what was written before stays (storage double)', async () => {
    const error = await fill(new FaultyStorage(new MemoryStorage('/images/disk.img'), { quota: MiB }))
    expect(error.code).toBe('no-space')
  })

  // The double above checks the same where no file system may be mounted.
  describe.each(mountTiny())('of 1 MiB', (mount) => {
    afterAll(() => {
      execFileSync('umount', [mount])
      rmSync(mount, { recursive: true })
    })

    test('is told of, and what was written before stays', async () => {
      await using storage = await openFile(join(mount, 'disk.img'), 'create')
      const error = await fill(storage)
      expect(error.code).toBe('no-space')
      expect(error.message).toMatch(/is full/)
      expect((await failure(storage.allocate(0, 8 * MiB))).code).toBe('no-space')
      // tmpfs has no call for zeroing in place: zeros are written instead.
      await storage.zero(0, 4096)
      const first = new Uint8Array(4096).fill(9)
      await storage.read(0, first)
      expect(first.every((byte) => byte === 0)).toBe(true)
    })
  })
})

/** Writes until it fails, and checks that what was there before is still there. */
async function fill(storage: Storage): Promise<SpindleError> {
  await storage.write(0, new Uint8Array(65_536).fill(1))
  const error = await failure(
    (async () => {
      for (let offset = 65_536; offset < 8 * MiB; offset += 65_536) {
        await storage.write(offset, new Uint8Array(65_536).fill(2))
      }
    })(),
  )
  const first = new Uint8Array(65_536)
  await storage.read(0, first)
  expect(first.every((byte) => byte === 1)).toBe(true)
  return error
}

/** Where a file system of 1 MiB is mounted, if this user may mount one. */
function mountTiny(): readonly string[] {
  const path = mkdtempSync(join(tmpdir(), 'spindle-tiny-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1M', 'spindle-test', path], { stdio: 'ignore' })
    return [path]
  } catch {
    rmSync(path, { recursive: true })
    return []
  }
}
