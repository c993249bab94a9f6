// What an image may lead to: an image from elsewhere names files it has no business with, one's own has its base next door.

import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { openOperations } from '../../core/operations/index.ts'
import type { Operations } from '../../core/operations/index.ts'
import { newestOracle } from '../helpers/oracles.ts'
import { recorded } from '../helpers/run-operation.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { SPINDLE, runProgram, spindle } from '../helpers/spindle.ts'

const { context } = recorded()
const SECRET = 'the key to everything'.padEnd(64 * 1024, '.')

let root: string
let secret: string
let bases: string
let image: string

beforeEach(() => {
  root = scratchFolder()
  for (const name of ['downloads', 'private', 'bases']) mkdirSync(join(root, name))
  secret = join(root, 'private', 'key')
  bases = join(root, 'bases')
  image = join(root, 'downloads', 'disk.qcow2')
  writeFileSync(secret, SECRET)
  writeFileSync(join(bases, 'base.img'), Buffer.alloc(64 * 1024, 7))
})

function qemu(...words: readonly string[]): void {
  const { status, stderr } = spawnSync(newestOracle().qemuImg, words, { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
}

function on(base: string, top = image): void {
  qemu('create', '-q', '-u', '-f', 'qcow2', '-b', base, '-F', 'raw', top, '64k')
}

async function convert(operations: Operations): Promise<Buffer> {
  const target = join(root, 'out.raw')
  const job = { kind: 'convert', source: image, target, format: 'raw', options: {}, compress: false } as const
  await operations.run({ ...job, verify: false, overwrite: true }, context)
  return readFileSync(target)
}

const refusal = (file: string) => ({
  code: 'outside',
  path: image,
  other: file,
  message: expect.stringContaining(file) as string,
})

test.each(['../private/key', 'ABSOLUTE', 'json:{"file":{"filename":"../private/key"}}', 'LINK'])(
  'a backing file elsewhere is told of, and not opened: %s',
  async (name) => {
    symlinkSync(secret, join(root, 'downloads', 'link'))
    on(name === 'ABSOLUTE' ? secret : name === 'LINK' ? 'link' : name)
    const operations = openOperations()
    await expect(convert(operations)).rejects.toMatchObject({ code: 'outside', path: image })
    const [facts] = await operations.inspect({ path: image, chain: true })
    expect(facts).toMatchObject({ format: 'qcow2', unreadable: { code: 'outside' } })
    const map = operations.map({ path: image }, context.signal)
    await expect(Array.fromAsync(map)).rejects.toMatchObject({ code: 'outside' })
  },
)

test('a data file elsewhere is neither read nor written', async () => {
  qemu(
    'create',
    '-q',
    '-f',
    'qcow2',
    '-o',
    `data_file=${join(root, 'downloads', 'data')},data_file_raw=on`,
    image,
    '64k',
  )
  qemu('amend', '-f', 'qcow2', '-o', `data_file=${secret}`, image)
  const operations = openOperations()
  await expect(convert(operations)).rejects.toMatchObject(refusal(secret))
  const resize = { kind: 'resize', path: image, virtualSize: 1 << 20, shrink: false, preallocation: 'off' } as const
  await expect(operations.run(resize, context)).rejects.toMatchObject({ code: 'outside' })
  expect(readFileSync(secret, 'utf8')).toBe(SECRET)
})

function vmdkOf(extent: string): void {
  image = join(root, 'downloads', 'disk.vmdk')
  const head = '# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\ncreateType="monolithicFlat"\n'
  writeFileSync(image, `${head}\nRW 128 FLAT "${extent}" 0\n\nddb.adapterType = "ide"\n`)
}

test('a VMDK whose part is a link that leads elsewhere is described, also where it is only looked at', async () => {
  symlinkSync(secret, join(root, 'downloads', 'flat.vmdk'))
  vmdkOf('flat.vmdk')
  const operations = openOperations()
  await expect(convert(operations)).rejects.toMatchObject({ code: 'outside', path: image })
  for (const chain of [true, false]) {
    const [facts] = await operations.inspect({ path: image, chain })
    expect(facts).toMatchObject({ format: 'vmdk', virtualSize: 64 * 1024, unreadable: { code: 'outside' } })
    expect(facts?.files).toBeUndefined()
  }
})

test.each(['../private/key', '/etc/passwd'])('a VMDK whose part is called %s is none', async (name) => {
  vmdkOf(name)
  await expect(convert(openOperations())).rejects.toMatchObject({ code: 'invalid-image', path: image })
})

test('what is in the image’s own folder, or in one below, needs nobody’s leave', async () => {
  mkdirSync(join(root, 'downloads', 'below'))
  writeFileSync(join(root, 'downloads', 'below', 'base.img'), Buffer.alloc(64 * 1024, 7))
  on('below/base.img')
  expect((await convert(openOperations())).every((byte) => byte === 7)).toBe(true)
})

test('what is allowed is used: a folder, one file, or for one image alone', async () => {
  const base = join(bases, 'base.img')
  on(base)
  for (const allowed of [() => [bases], () => [base], (from: string) => (from === image ? [base] : [])])
    expect((await convert(openOperations({ allowed }))).every((byte) => byte === 7)).toBe(true)
  for (const allowed of [() => [join(root, 'base')], () => [`${base}x`], () => []])
    await expect(convert(openOperations({ allowed }))).rejects.toMatchObject(refusal(base))
})

test('a base that is named in the request is allowed by that, and one that is gone is only said to be gone', async () => {
  const operations = openOperations()
  const backing = { path: '../bases/base.img', format: 'raw' } as const
  await operations.run({ kind: 'create', target: image, format: 'qcow2', options: {}, backing }, context)
  await expect(convert(operations)).rejects.toMatchObject(refusal(join(bases, 'base.img')))
  const rebase = { kind: 'rebase', path: image, nameOnly: false } as const
  await expect(operations.run(rebase, context)).rejects.toMatchObject({ code: 'outside' })
  on(join(bases, 'gone.img'))
  await expect(convert(operations)).rejects.toMatchObject({ code: 'missing-file' })
})

test('the command says what to type, and does as it is told; called as qemu-img it asks nobody', () => {
  on('../bases/base.img')
  const words = ['convert', '-O', 'raw', image, join(root, 'out.raw')]
  const alone = { through: ['env', '-u', 'SPINDLE_ALLOW'] }
  const refused = spindle(words, alone)
  expect(refused.code).toBe(1)
  expect(refused.error).toContain(`--allow ${bases}`)
  expect(spindle([...words, '--allow', bases], alone).code).toBe(0)
  expect(spindle([...words, '--force'], { through: ['env', `SPINDLE_ALLOW=/nowhere:${bases}`] }).code).toBe(0)
  symlinkSync(SPINDLE, join(root, 'qemu-img'))
  expect(runProgram(['env', '-u', 'SPINDLE_ALLOW', process.execPath, join(root, 'qemu-img'), ...words]).code).toBe(0)
})

test('a raw disk is never taken for what its guest has written into it', async () => {
  // The guest writes a header that names a file of the host; whoever knows the disk to be raw sees only bytes.
  on(secret)
  const disk = join(root, 'downloads', 'raw.img')
  writeFileSync(disk, Buffer.concat([readFileSync(image), Buffer.alloc(1 << 20)]).subarray(0, 1 << 20))
  const operations = openOperations()
  const target = join(root, 'out.raw')
  const job = { kind: 'convert', source: disk, sourceFormat: 'raw', target, format: 'raw', options: {} } as const
  await operations.run({ ...job, compress: false, verify: false }, context)
  expect(Buffer.compare(readFileSync(target), readFileSync(disk))).toBe(0)
  // And a disk on top of it that does not say what it lies on gets no further than that disk.
  image = join(root, 'downloads', 'top.qcow2')
  on('raw.img')
  const bytes = readFileSync(image)
  bytes.writeUInt32BE(0x12345678, bytes.indexOf(Buffer.from('e2792aca', 'hex')))
  writeFileSync(image, bytes)
  await expect(convert(operations)).rejects.toMatchObject({ code: 'outside', path: disk, other: secret })
})
