// Sizes, dates and errors as the window says them; and no word that is missing or left over.

import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import en from '../../assets/locales/en.json' with { type: 'json' }
import { claimsByPlace } from '../../renderer/state/places.ts'
import { errorText } from '../../renderer/state/errors.ts'
import { commandText } from '../../renderer/state/shell-words.ts'
import { dateText, rateText, sizeText } from '../../renderer/state/text.ts'
import { GiB, MiB } from '../../core/model/index.ts'
import { speakEnglish } from './english.ts'
import { volume } from './volumes.ts'

beforeAll(speakEnglish)

test('dates are as short as they can be', () => {
  const now = new Date(2026, 10, 20, 18, 0)
  expect(dateText(new Date(2026, 10, 20, 9, 5).getTime(), now)).toBe('09:05')
  expect(dateText(new Date(2026, 8, 2).getTime(), now)).toBe('2 Sep')
  expect(dateText(new Date(2024, 2, 9).getTime(), now)).toBe('Mar 2024')
})

test('sizes and rates carry their unit', () => {
  expect(sizeText(11.2 * GiB)).toBe('11.2 GiB')
  expect(rateText(200 * MiB)).toBe('200 MiB/s')
})

test('an error is told in two parts, its details kept for whoever asks', () => {
  const told = errorText({
    code: 'invalid-image',
    message: 'old.v2.qcow2 is damaged: its L1 table lies past the end. Nothing was changed. Restore it.',
    path: '/disks/old.v2.qcow2',
    offset: 0x30000,
  })
  expect(told.headline).toBe('old.v2.qcow2 is damaged: its L1 table lies past the end.')
  expect(told.rest).toBe('Nothing was changed. Restore it.')
  expect(told.details).toBe('Code: invalid-image\n/disks/old.v2.qcow2\nOffset: 0x30000')
  expect(errorText({ code: 'io', message: 'The disk broke.' })).toMatchObject({ headline: 'The disk broke.', rest: '' })
})

test('a command can be pasted into a shell whatever is in its names', () => {
  expect(commandText(['spindle', 'info', '/a b/$(rm -rf ~).raw'])).toBe(`spindle info '/a b/$(rm -rf ~).raw'`)
  expect(commandText(['x', '', '~/VMs/a.raw', '-'])).toBe(`x '' ~/VMs/a.raw -`)
})

test('what a place’s volumes could come to need is the sum of what each can grow by', () => {
  const claims = claimsByPlace([
    volume('a', { virtualSize: 10 * GiB, allocatedSize: GiB }),
    volume('b', { virtualSize: GiB, allocatedSize: 2 * GiB }),
    volume('c', { place: 'other' }),
  ])
  expect(claims.get('place')).toEqual({ onDisk: 3 * GiB, growth: 9 * GiB })
})

describe('translations', () => {
  const root = fileURLToPath(new URL('../../renderer/', import.meta.url))
  const source = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => readFileSync(root + name, 'utf8'))
    .join('\n')

  test('every text of the file is used somewhere', () => {
    // `jobs.phase.${phase}` uses all below `jobs.phase`; plural endings belong to their key.
    const literal = new Set([...source.matchAll(/['"`]([a-z]\w*(?:\.[\w-]+)+)['"`]/gi)].map(([, key]) => key))
    const below = [...source.matchAll(/`((?:[a-z]\w*\.)+)[^`]*\$\{/gi)].map(([, prefix = '']) => prefix)
    const unused = keysOf(en)
      .map((key) => key.replace(/_(?:zero|one|two|few|many|other)$/, ''))
      .filter((key) => !literal.has(key) && !below.some((prefix) => key.startsWith(prefix)))
    expect(unused).toEqual([])
  })

  test('no text is written into the components', () => {
    const written = [...source.matchAll(/<(?:p|span|h[1-6]|dt|button|label)(?: [^>]*)?>\s*([A-Z][a-z]+[^<{]*)</g)]
    expect(written.map(([, text]) => text)).toEqual([])
  })
})

function keysOf(tree: object, prefix = ''): readonly string[] {
  return Object.entries(tree).flatMap(([key, value]: [string, unknown]) =>
    typeof value === 'object' && value !== null ? keysOf(value, `${prefix}${key}.`) : [`${prefix}${key}`],
  )
}
