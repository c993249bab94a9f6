// The ways of writing that scripts rely on.

import { expect, test } from 'vitest'
import { HELP, parseWords } from '../../../core/cli/arguments.ts'
import type { CommandWords } from '../../../core/cli/arguments.ts'
import { printable } from '../../../core/cli/console.ts'
import { commandHelp } from '../../../core/cli/help.ts'
import { parseKeyValues } from '../../../core/cli/key-values.ts'
import { barText } from '../../../core/cli/progress.ts'
import { jsonText, sizeText } from '../../../core/cli/wording.ts'
import { GiB, MiB } from '../../../core/model/units.ts'

// What qemu-img prints for files of these lengths.
test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '0.977 KiB'],
  [1536, '1.5 KiB'],
  [197_120, '192 KiB'],
  [200_704, '196 KiB'],
  [983_552, '960 KiB'],
  [2_293_248, '2.19 MiB'],
  [10 * MiB, '10 MiB'],
  [1500 * GiB, '1.46 TiB'],
])('%i bytes are %s', (bytes, text) => {
  expect(sizeText(bytes)).toBe(text)
})

test('JSON has four blanks a level, empty lists over two lines, and nothing but ASCII', () => {
  const text = jsonText({ name: 'é\n"', missing: undefined, list: [], deep: { yes: true, numbers: [1, 2] } })
  expect(text).toBe(
    [
      '{',
      String.raw`    "name": "\u00E9\n\"",`,
      '    "list": [',
      '    ],',
      '    "deep": {',
      '        "yes": true,',
      '        "numbers": [',
      '            1,',
      '            2',
      '        ]',
      '    }',
      '}',
    ].join('\n'),
  )
})

test('text that would steer the terminal is shown instead', () => {
  expect(printable('a\u001b[31mb\u202ec')).toBe(String.raw`a\u001b[31mb\u202ec`)
})

test('options after -o are split at commas, but not at doubled ones', () => {
  const values = parseKeyValues(['cluster_size=64k,data_file=a,,b.raw', 'lazy_refcounts'])
  expect([...(values ?? [])]).toEqual([
    ['cluster_size', '64k'],
    ['data_file', 'a,b.raw'],
    ['lazy_refcounts', 'on'],
  ])
})

test('asking for the options is told apart from giving some', () => {
  expect(parseKeyValues(['cluster_size=1,help'])).toBeUndefined()
  expect(parseKeyValues(['?'])).toBeUndefined()
  expect(() => parseKeyValues(['a=1,'])).toThrow('no option')
  expect(() => parseKeyValues(['=1'])).toThrow('no option')
})

const words: CommandWords = {
  name: 'copy',
  summary: 'Copy',
  operands: 'FROM TO',
  options: [
    { long: 'format', short: 'f', value: 'FMT', help: 'the format' },
    { long: 'progress', short: 'p', help: 'show progress' },
    { long: 'parallel', value: 'COUNT', help: 'how many' },
    { long: 'quiet', short: 'q', help: 'say nothing' },
  ],
  refused: [{ long: 'salvage' }, { long: 'rate', short: 'r', value: 'RATE' }],
  notes: ['One note.'],
}

test.each([
  [['-f', 'raw', 'a', 'b']],
  [['-fraw', 'a', 'b']],
  [['a', '--format', 'raw', 'b']],
  [['a', 'b', '--format=raw']],
  [['--form', 'raw', 'a', 'b']],
  [['-f', 'qcow2', '-f', 'raw', '--', 'a', 'b']],
])('%j means the same, as with getopt', (given) => {
  const parsed = parseWords(words, given)
  expect(parsed.text('format')).toBe('raw')
  expect(parsed.operands).toEqual(['a', 'b'])
})

test('letters may stand together, and a lone dash is a name', () => {
  const parsed = parseWords(words, ['-pqf', 'raw', '-'])
  expect([parsed.has('progress'), parsed.has('quiet'), parsed.text('format')]).toEqual([true, true, 'raw'])
  expect(parsed.operands).toEqual(['-'])
})

test.each([
  [['--foo'], "unrecognized option '--foo'"],
  [['-x'], "invalid option -- 'x'"],
  [['--p'], "option '--p' is ambiguous; possibilities: '--progress' '--parallel'"],
  [['--format'], "option '--format' requires an argument"],
  [['--progress=yes'], "option '--progress' doesn't allow an argument"],
  [['--salvage'], 'Spindle does not have the option --salvage yet'],
  [['-r', '1M'], 'Spindle does not have the option -r yet'],
])('%j is refused in words that end in the way to the help', (given, message) => {
  expect(() => parseWords(words, given)).toThrow(`${message}\nTry 'spindle copy --help' for more info`)
})

test('the help of a command tells every option, and those of qemu-img that are missing', () => {
  const help = commandHelp(words)
  for (const { long, help: text } of [HELP, ...words.options]) {
    expect(help).toContain(`--${long}`)
    expect(help).toContain(text)
  }
  expect(help).toContain('not here yet: --salvage, --rate.')
})

test('the bar tells phase, percent, bytes, rate and time left, and fits its line', () => {
  const progress = { phase: 'copy', done: 256 * MiB, total: GiB } as const
  const text = barText(progress, 128 * MiB, 100)
  expect(text).toMatch(/^copying {4}25% █+░+ {2}256 MiB of 1 GiB · 128 MiB\/s · 0:06 left$/)
  for (const columns of [20, 40, 60, 80, 200])
    expect(barText(progress, 128 * MiB, columns).length).toBeLessThan(columns)
})
