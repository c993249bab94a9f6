// Passphrases of encrypted images: added, changed and removed, judged by who opens the image afterwards.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CryptTools, imageOptions } from '../helpers/crypt-tools.ts'
import { newestOracle } from '../helpers/oracles.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { spindleHere } from '../helpers/spindle.ts'
import type { Outcome } from '../helpers/spindle.ts'

const LAYOUTS = [
  { layout: 'luks', prefix: '', format: '' },
  { layout: 'qcow2', prefix: 'encrypt.', format: 'encrypt.format=luks,' },
] as const

describe.each(LAYOUTS)('$layout', ({ layout, prefix, format }) => {
  interface Work {
    readonly tools: CryptTools
    readonly image: string
    readonly second: readonly string[]
    readonly amend: (secrets: readonly string[], words: string, ...more: readonly string[]) => Promise<Outcome>
    readonly opens: (secrets: readonly string[]) => Promise<boolean>
    readonly slots: () => Promise<readonly boolean[]>
  }

  async function newImage(): Promise<Work> {
    const folder = scratchFolder()
    const tools = new CryptTools(folder)
    const image = join(folder, 'image')
    writeFileSync(join(folder, 'second'), 'another passphrase')
    const options = `${format}${prefix}key-secret=s,${prefix}iter-time=1`
    const made = await spindleHere('create', ...tools.secret, '-f', layout, '-o', options, image, '64K')
    expect(made.error).toBe('')
    return {
      tools,
      image,
      second: ['--object', `secret,id=t,file=${join(folder, 'second')}`],
      amend: (secrets, words, ...more) => {
        const list = words
          .split(',')
          .map((word) => prefix + word)
          .join(',')
        return spindleHere('amend', ...secrets, ...more, '-o', list, image)
      },
      opens: async (secrets) => (await spindleHere('map', '--output=json', ...secrets, image)).code === 0,
      slots: async () => {
        const { out } = await spindleHere('info', '--output=json', image)
        const { data } = (JSON.parse(out) as Info)['format-specific']
        return ('encrypt' in data ? data.encrypt : data).slots.map(({ active }) => active)
      },
    }
  }

  test('a second passphrase opens it, for QEMU as well, and the first can then be removed', async () => {
    const { tools, image, second, amend, opens, slots } = await newImage()
    expect(await opens(second)).toBe(false)
    const added = await amend([...tools.secret, ...second], 'state=active,new-secret=t,iter-time=1')
    expect(added).toEqual({ code: 0, out: '', error: '' })
    expect((await slots()).slice(0, 3)).toEqual([true, true, false])
    expect(await opens(second)).toBe(true)
    expect(await opens(tools.secret)).toBe(true)
    const described = imageOptions(layout, 'image').replace('key-secret=s', 'key-secret=t')
    tools.img(newestOracle(), 'convert', ...second, '--image-opts', described, '-O', 'raw', 'read')

    expect((await amend([...second, ...tools.secret], 'state=inactive,old-secret=s')).code).toBe(0)
    expect(await opens(tools.secret)).toBe(false)
    expect(await opens(second)).toBe(true)
    expect((await slots()).slice(0, 2)).toEqual([false, true])
    expect(existsSync(`${image}.luks-header`)).toBe(false)
    expect(existsSync(`${image}.luks-header.partial`)).toBe(false)
  })

  test('the last passphrase goes only when that is forced', async () => {
    const { tools, amend, opens, slots } = await newImage()
    const refused = await amend(tools.secret, 'state=inactive,keyslot=0')
    expect(refused.code).toBe(1)
    expect(refused.error).toContain('nobody could ever read')
    expect(await opens(tools.secret)).toBe(true)
    expect((await amend(tools.secret, 'state=inactive,keyslot=0', '--force')).code).toBe(0)
    expect((await slots()).includes(true)).toBe(false)
    expect(await opens(tools.secret)).toBe(false)
  })

  test('what makes no sense is refused and changes no byte', async () => {
    const { tools, image, second, amend } = await newImage()
    const before = readFileSync(image)
    const both = [...tools.secret, ...second]
    const cases: readonly (readonly [words: string, says: string])[] = [
      ['state=active,new-secret=t,keyslot=0', 'is in use'],
      ['state=active,new-secret=t,keyslot=8', 'is in use, or there is none'],
      ['state=active,new-secret=nobody', 'no secret with the id'],
      ['state=inactive,keyslot=5', 'not in use'],
      ['state=inactive,old-secret=t', 'No key slot'],
      ['state=inactive', 'Either'],
      ['state=sideways', 'must be active or inactive'],
      ['state=active,keyslot=one', 'takes a number'],
    ]
    for (const [words, says] of cases) {
      const { code, error } = await amend(both, words)
      expect(code, words).toBe(1)
      expect(error, words).toContain(says)
    }
    expect((await amend(second, 'state=active,new-secret=t')).error).toContain('does not open it')
    expect(readFileSync(image).equals(before)).toBe(true)
  })
})

interface Slots {
  readonly slots: readonly { readonly active: boolean }[]
}
interface Info {
  readonly 'format-specific': { readonly data: Slots | { readonly encrypt: Slots } }
}

test('a removed passphrase is overwritten, and noise is left in its place', async () => {
  const folder = scratchFolder()
  const tools = new CryptTools(folder)
  const image = join(folder, 'image')
  const quick = 'key-secret=s,iter-time=1,cipher-alg=aes-128'
  await spindleHere('create', ...tools.secret, '-f', 'luks', '-o', quick, image, '64K')
  const before = readFileSync(image)
  const outcome = await spindleHere('amend', ...tools.secret, '--force', '-o', 'state=inactive,keyslot=0', image)
  expect(outcome.error).toBe('')
  const after = readFileSync(image)
  const size = 32 * 4000
  for (let at = 4096; at < 4096 + size; at += 512)
    expect(after.subarray(at, at + 512).equals(before.subarray(at, at + 512)), `offset ${at}`).toBe(false)
  expect(after.subarray(4096 + size).equals(before.subarray(4096 + size))).toBe(true)
})

test('a recovery passphrase can be given when the image is made', async () => {
  const folder = scratchFolder()
  const tools = new CryptTools(folder)
  const image = join(folder, 'image')
  writeFileSync(join(folder, 'spare'), 'kept in a safe')
  const spare = ['--object', `secret,id=r,file=${join(folder, 'spare')}`]
  const options = 'encrypt.format=luks,encrypt.key-secret=s,encrypt.recovery-secret=r,encrypt.iter-time=1'
  const made = await spindleHere('create', ...tools.secret, ...spare, '-q', '-f', 'qcow2', '-o', options, image, '1M')
  expect(made).toEqual({ code: 0, out: '', error: '' })
  for (const one of [tools.secret, spare])
    expect((await spindleHere('map', '--output=json', ...one, image)).code).toBe(0)
})
