// What an image may reach beside itself, and what is said when it cannot.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ANYWHERE } from '../../core/image/reach.ts'
import { fileGate, pathOf } from '../../core/image/gate.ts'
import { parseReference, statedFormat } from '../../core/image/reference.ts'
import { openFile } from '../../core/storage/file.ts'
import { scratchFolder } from '../helpers/scratch.ts'

test('a name relative to an image starts from the folder of that image', async () => {
  const folder = scratchFolder()
  mkdirSync(join(folder, 'overlays'))
  writeFileSync(join(folder, 'base.img'), 'base')
  writeFileSync(join(folder, 'overlays/top.img'), 'top')
  await using top = await openFile(join(folder, 'overlays/top.img'), 'read')
  await using base = await fileGate(undefined, undefined, ANYWHERE).open('../base.img', top, 'read')
  expect(base.name).toBe(join(folder, 'base.img'))
})

test.each([
  ['base.img', { path: 'base.img' }],
  ['file:base.img', { path: 'base.img' }],
  ['file:///vms/base.img', { path: '///vms/base.img' }],
  ['./a:b.img', { path: './a:b.img' }],
  ['/vms/a:b.img', { path: '/vms/a:b.img' }],
  ['json:{"driver":"qcow2","file":{"driver":"file","filename":"b"}}', { path: 'b', format: 'qcow2' }],
  ['json:{"driver":"raw","file.driver":"file","file.filename":"b"}', { path: 'b', format: 'raw' }],
  ['json:{"driver":"qcow2","file":{"filename":"b"}}', { path: 'b', format: 'qcow2' }],
  ['json:{"driver":"file","filename":"b"}', { path: 'b' }],
])('%s names a local file', (name, reference) => {
  expect(parseReference(name)).toEqual(reference)
  expect(statedFormat(name)).toBe('format' in reference ? reference.format : undefined)
})

test.each([
  ['nbd://host/disk', 'unsupported', 'nbd:'],
  ['http://host/disk.img', 'unsupported', 'http:'],
  ['ssh:host', 'unsupported', 'ssh:'],
  ['json:{"driver":"raw","file":{"driver":"nbd","host":"x"}}', 'unsupported', 'nbd'],
  ['json:{"driver":"raw","offset":512,"file":{"driver":"file","filename":"b"}}', 'unsupported', 'offset'],
  ['json:{"driver":"qcow2","backing":{"driver":"null-co"},"file":{"filename":"b"}}', 'unsupported', 'backing.driver'],
  ['json:{"driver":"raw"}', 'invalid-argument', 'names no file'],
  ['json:[1', 'invalid-argument', 'no JSON object'],
  ['json:7', 'invalid-argument', 'no JSON object'],
  ['', 'invalid-argument', 'cannot be the name'],
  ['a\0b', 'invalid-argument', 'cannot be the name'],
])('%j is refused in words', (name, code, words) => {
  expect(() => parseReference(name)).toThrow(expect.objectContaining({ code, message: expect.stringContaining(words) }))
})

test('a missing file is told with the image that needs it and the way out', async () => {
  const folder = scratchFolder()
  writeFileSync(join(folder, 'top.img'), 'top')
  await using top = await openFile(join(folder, 'top.img'), 'read')
  await expect(fileGate().open('gone.img', top, 'read')).rejects.toMatchObject({
    code: 'missing-file',
    message: `${join(folder, 'top.img')} needs the file ${join(folder, 'gone.img')}, which is not there. Nothing was changed. Put the file back where it was, or give the image its right name for it with a rebase.`,
  })
})

test.each([
  ['nbd://host/disk', 'unsupported'],
  ['.', 'missing-file'],
])('%s as a backing file is refused naming the image', async (reference, code) => {
  const folder = scratchFolder()
  writeFileSync(join(folder, 'top.img'), 'top')
  await using top = await openFile(join(folder, 'top.img'), 'read')
  const message = expect.stringContaining(join(folder, 'top.img'))
  await expect(fileGate().open(reference, top, 'read')).rejects.toMatchObject({ code, message })
})

test('a new file is made beside the image and never replaces one', async () => {
  const folder = scratchFolder()
  writeFileSync(join(folder, 'top.img'), 'top')
  await using top = await openFile(join(folder, 'top.img'), 'read')
  await using made = await fileGate().create('data.raw', top)
  expect(made.name).toBe(pathOf('data.raw', top))
  await expect(fileGate().create('data.raw', top)).rejects.toMatchObject({ code: 'exists' })
})
