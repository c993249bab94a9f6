// Passphrases on the command line: from files, from words others can see, and from a person, and never printed.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { run } from '../../../core/cli/main.ts'
import { scratchFolder } from '../../helpers/scratch.ts'
import { spindleHere } from '../../helpers/spindle.ts'
import type { Outcome } from '../../helpers/spindle.ts'

const QUICK = 'iter-time=1,cipher-alg=aes-128'

/** With a person at the terminal who types these, one after the other. */
async function withAnswers(answers: readonly string[], ...words: readonly string[]): Promise<Outcome> {
  let out = ''
  let error = ''
  const rest = [...answers]
  const console = {
    out: (text: string) => (out += text),
    error: (text: string) => (error += text),
    interactive: true,
    columns: () => 80,
    askSecret: async (prompt: string) => {
      error += prompt
      const answer = rest.shift()
      return answer === undefined ? undefined : new TextEncoder().encode(answer)
    },
  }
  const code = await run(words, console, new AbortController().signal)
  return { code, out, error }
}

test('who gives none is asked: twice for a new one, and again when it is wrong', async () => {
  const image = join(scratchFolder(), 'image')
  const create = ['create', '-q', '-f', 'luks', '-o', QUICK, image, '64K']
  const unequal = await withAnswers(['one', 'other'], ...create)
  expect(unequal).toMatchObject({ code: 1 })
  expect(unequal.error).toContain('not the same')
  expect(await withAnswers(['swordfish', 'swordfish'], ...create)).toMatchObject({ code: 0 })
  const opened = await withAnswers(['sword', 'swordfish'], 'map', '--output=json', image)
  expect(opened).toMatchObject({ code: 0 })
  expect(opened.error).toContain('does not open it')
  const refused = await withAnswers(['a', 'b', 'c', 'd'], 'map', '--output=json', image)
  expect(refused).toMatchObject({ code: 1 })
  expect(refused.error.match(/assphrase/g)?.length).toBeGreaterThanOrEqual(3)
  expect(opened.error + opened.out).not.toContain('sword')
  // What it is can be told to anyone, so nobody is asked.
  expect(await withAnswers([], 'info', image)).toMatchObject({ code: 0, error: '' })
})

test('without a person and without a secret it stays locked', async () => {
  const image = join(scratchFolder(), 'image')
  await withAnswers(['x', 'x'], 'create', '-q', '-f', 'luks', '-o', QUICK, image, '64K')
  const { code, error } = await spindleHere('map', '--output=json', image)
  expect(code).toBe(1)
  expect(error).toContain('without its passphrase')
  const made = await spindleHere('create', '-f', 'luks', '-o', QUICK, `${image}2`, '64K')
  expect(made.error).toContain('needs a passphrase')
})

test('a secret is a file, byte for byte, or base64, or words with a warning', async () => {
  const folder = scratchFolder()
  const image = join(folder, 'image')
  writeFileSync(join(folder, 'plain'), 'trout\n')
  writeFileSync(join(folder, 'coded'), `${Buffer.from('trout\n').toString('base64')}\n`)
  const plain = `secret,id=s,file=${join(folder, 'plain')}`
  const options = `key-secret=s,${QUICK}`
  expect(await spindleHere('create', '-q', '--object', plain, '-f', 'luks', '-o', options, image, '64K')).toEqual({
    code: 0,
    out: '',
    error: '',
  })
  const opens = async (object: string) => spindleHere('map', '--output=json', '--object', object, image)
  expect((await opens(`secret,id=s,file=${join(folder, 'coded')},format=base64`)).code).toBe(0)
  const seen = await opens('secret,id=s,data=trout')
  expect(seen.code).toBe(1)
  expect(seen.error).toContain('others can read it')
  expect(seen.error).not.toContain('trout')
})

test.each([
  ['rng,id=x', 'knows --object secret only'],
  ['secret,data=x', 'needs an id'],
  ['secret,id=x', 'needs either file= or data='],
  ['secret,id=x,data=y,file=z', 'needs either file= or data='],
  ['secret,id=x,data=y,keyid=z', 'does not know “keyid”'],
  ['secret,id=x,data=y,format=hex', 'raw or base64'],
  ['secret,id=x,data=!,format=base64', 'no valid base64'],
  ['secret,id=x,file=/nowhere/at/all', 'cannot be read'],
])('--object %s is refused in words', async (object, says) => {
  const { code, error } = await spindleHere('info', '--object', object, '/nowhere')
  expect(code).toBe(1)
  expect(error).toContain(says)
})

test('a secret nobody gave is named', async () => {
  const image = join(scratchFolder(), 'image')
  const options = `key-secret=nobody,${QUICK}`
  const { error } = await spindleHere('create', '-f', 'luks', '-o', options, image, '64K')
  expect(error).toContain('no secret with the id “nobody”')
})

test('a copy that anyone can read is told of, and one that stays encrypted is not', async () => {
  const folder = scratchFolder()
  const image = join(folder, 'image')
  await withAnswers(['x', 'x'], 'create', '-q', '-f', 'luks', '-o', QUICK, image, '64K')
  const plain = await withAnswers(['x'], 'convert', '-f', 'luks', '-O', 'raw', image, join(folder, 'plain'))
  expect(plain).toMatchObject({ code: 0, error: expect.stringContaining('is encrypted and its copy is not') })
  const words = ['convert', '-f', 'luks', '-O', 'luks', '-o', QUICK, image, join(folder, 'other')]
  const again = await withAnswers(['x', 'y', 'y'], ...words)
  expect(again).toMatchObject({ code: 0, error: expect.not.stringContaining('its copy is not') })
})
