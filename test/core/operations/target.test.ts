// Files in the making: what is on disk before, after, and when something goes wrong.

import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { systemParts } from '../../../core/operations/parts.ts'
import { Target } from '../../../core/operations/target.ts'
import type { TargetSpec } from '../../../core/operations/target.ts'
import { scratchFolder } from '../../helpers/scratch.ts'

const parts = systemParts()
const text = (content: string): Uint8Array => new TextEncoder().encode(content)

function spec(path: string, more: Partial<TargetSpec> = {}): TargetSpec {
  return { path, overwrite: false, parts, untouchable: [], ...more }
}

async function make(how: TargetSpec, content = 'new'): Promise<void> {
  await using target = await Target.start(how)
  await target.storage.write(0, text(content))
  await target.flush()
  await target.publish()
}

test.each([
  ['with hard links', false],
  ['without hard links', true],
])('%s a target takes its name when published, and only then', async (_, withoutLinks) => {
  const folder = scratchFolder()
  const path = join(folder, 'disk.img')
  {
    await using target = await Target.start(spec(path, { withoutLinks }))
    await target.storage.write(0, text('new'))
    expect(readdirSync(folder)).toEqual(['disk.img.partial'])
    await target.publish()
  }
  expect(readdirSync(folder)).toEqual(['disk.img'])
  expect(readFileSync(path, 'utf8')).toBe('new')
})

test('a target that is never published leaves nothing', async () => {
  const folder = scratchFolder()
  const work = async (): Promise<void> => {
    await using target = await Target.start(spec(join(folder, 'disk.img')))
    await target.gate.create('data.raw', target.storage)
    expect(readdirSync(folder)).toEqual(['data.raw.partial', 'disk.img.partial'])
    throw new Error('something went wrong')
  }
  await expect(work()).rejects.toThrow('something went wrong')
  expect(readdirSync(folder)).toEqual([])
})

test('files that belong to the image are published with it and can be read before', async () => {
  const folder = scratchFolder()
  await using target = await Target.start(spec(join(folder, 'disk.qcow2')))
  const data = await target.gate.create('data.raw', target.storage)
  await data.write(0, text('guest'))
  const again = await target.gate.open('data.raw', target.storage, 'read')
  expect(await again.size()).toBe(5)
  await again.close()
  await target.publish()
  expect(readdirSync(folder)).toEqual(['data.raw', 'disk.qcow2'])
})

test.each([
  ['a file', (path: string) => writeFileSync(path, 'old')],
  ['a folder', (path: string) => mkdirSync(path)],
  ['a link that leads nowhere', (path: string) => symlinkSync('/nowhere/at/all', path)],
])('%s under the name is refused before anything is written', async (_, make) => {
  const folder = scratchFolder()
  const path = join(folder, 'disk.img')
  make(path)
  await expect(Target.start(spec(path))).rejects.toMatchObject({ code: 'exists' })
  expect(readdirSync(folder)).toEqual(['disk.img'])
})

test('a file that is to belong to the image but is there already is left alone', async () => {
  const folder = scratchFolder()
  writeFileSync(join(folder, 'data.raw'), 'precious')
  const work = async (): Promise<void> => {
    await using target = await Target.start(spec(join(folder, 'disk.qcow2'), { overwrite: true }))
    await target.gate.create('data.raw', target.storage)
  }
  await expect(work()).rejects.toMatchObject({ code: 'exists' })
  expect(readdirSync(folder)).toEqual(['data.raw'])
  expect(readFileSync(join(folder, 'data.raw'), 'utf8')).toBe('precious')
})

test.each([
  ['with hard links', false],
  ['without hard links', true],
])('%s a file that appears under the name meanwhile is not replaced', async (_, withoutLinks) => {
  const folder = scratchFolder()
  const path = join(folder, 'disk.img')
  const work = async (): Promise<void> => {
    await using target = await Target.start(spec(path, { withoutLinks }))
    writeFileSync(path, 'someone else')
    await target.publish()
  }
  await expect(work()).rejects.toMatchObject({ code: 'exists' })
  expect(readFileSync(path, 'utf8')).toBe('someone else')
  expect(readdirSync(folder)).toEqual(['disk.img'])
})

test('when the image cannot take its name, its other files do not keep theirs', async () => {
  const folder = scratchFolder()
  const path = join(folder, 'disk.qcow2')
  const work = async (): Promise<void> => {
    await using target = await Target.start(spec(path))
    await target.gate.create('data.raw', target.storage)
    writeFileSync(path, 'someone else')
    await target.publish()
  }
  await expect(work()).rejects.toMatchObject({ code: 'exists' })
  expect(readdirSync(folder)).toEqual(['disk.qcow2'])
})

test('overwriting on request replaces the file at the end and keeps its permissions', async () => {
  const folder = scratchFolder()
  const path = join(folder, 'disk.img')
  writeFileSync(path, 'old')
  chmodSync(path, 0o600)
  {
    await using target = await Target.start(spec(path, { overwrite: true }))
    await target.storage.write(0, text('new'))
    expect(readFileSync(path, 'utf8')).toBe('old')
    await target.publish()
  }
  expect(readFileSync(path, 'utf8')).toBe('new')
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(readdirSync(folder)).toEqual(['disk.img'])
})

test('overwriting through a link replaces the file and keeps the link', async () => {
  const folder = scratchFolder()
  writeFileSync(join(folder, 'real.img'), 'old')
  symlinkSync('real.img', join(folder, 'link.img'))
  await make(spec(join(folder, 'link.img'), { overwrite: true }))
  expect(readFileSync(join(folder, 'real.img'), 'utf8')).toBe('new')
  expect(readdirSync(folder)).toEqual(['link.img', 'real.img'])
})

test('what is no regular file is never overwritten', async () => {
  const folder = scratchFolder()
  mkdirSync(join(folder, 'disk.img'))
  await expect(Target.start(spec(join(folder, 'disk.img'), { overwrite: true }))).rejects.toMatchObject({
    code: 'invalid-argument',
  })
})

test('a source is never overwritten, under whatever name it is reached', async () => {
  const folder = scratchFolder()
  const path = join(folder, 'source.img')
  writeFileSync(path, 'precious')
  symlinkSync(path, join(folder, 'symbolic.img'))
  linkSync(path, join(folder, 'hard.img'))
  for (const name of ['source.img', 'symbolic.img', 'hard.img']) {
    const attempt = Target.start(spec(join(folder, name), { overwrite: true, untouchable: [path] }))
    await expect(attempt).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining('source'),
    })
  }
  expect(readFileSync(path, 'utf8')).toBe('precious')
})

test('what an interrupted run left behind is named, not used and not deleted', async () => {
  const folder = scratchFolder()
  writeFileSync(join(folder, 'disk.img.partial'), 'half')
  const attempt = Target.start(spec(join(folder, 'disk.img')))
  await expect(attempt).rejects.toMatchObject({
    code: 'exists',
    message: expect.stringContaining('cut off left it behind'),
  })
  expect(readFileSync(join(folder, 'disk.img.partial'), 'utf8')).toBe('half')
  expect(existsSync(join(folder, 'disk.img'))).toBe(false)
})
