// Completion in bash, zsh and fish, carried out by the shells themselves.

import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { COMMANDS } from '../../../core/cli/commands.ts'
import { runProgram, spindleHere } from '../../helpers/spindle.ts'
import { scratchFolder } from '../../helpers/scratch.ts'

function has(shell: string): boolean {
  return spawnSync(shell, ['-c', 'exit 0']).status === 0
}

async function script(shell: string): Promise<string> {
  const { code, out, error } = await spindleHere('completion', shell)
  expect({ code, error }).toEqual({ code: 0, error: '' })
  const path = join(scratchFolder(), `spindle.${shell}`)
  writeFileSync(path, out)
  return path
}

/** What bash offers for the last of the words. */
async function completed(...words: readonly string[]): Promise<readonly string[]> {
  const line =
    'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _spindle; printf "%s\\n" "${COMPREPLY[@]}"'
  const { out, error } = runProgram(['bash', '-c', line, 'bash', await script('bash'), ...words])
  expect(error).toBe('')
  return out.split('\n').filter((one) => one !== '')
}

describe('bash', () => {
  test('offers the commands, then the options of each, then what an option takes', async () => {
    expect(await completed('spindle', '')).toEqual(expect.arrayContaining([...COMMANDS.keys(), 'help', 'plan']))
    expect(await completed('spindle', 'conv')).toEqual(['convert'])
    expect(await completed('spindle', 'convert', '--salv')).toEqual(['--salvage'])
    expect(await completed('spindle', 'convert', '-O', 'qco')).toEqual(['qcow', 'qcow2'])
    expect(await completed('spindle', 'info', '--output', '=', 'js')).toEqual(['json'])
    expect(await completed('spindle', 'plan', 'resi')).toEqual(['resize'])
    expect(await completed('spindle', 'plan', 'resize', '--shr')).toEqual(['--shrink'])
  })

  test('offers every option there is', async () => {
    for (const [name, { load }] of COMMANDS) {
      const { words } = await load()
      const offered = await completed('spindle', name, '--')
      expect(offered).toEqual(['--help', ...words.options.map(({ long }) => `--${long}`)])
    }
  })
})

test.skipIf(!has('zsh'))('zsh reads its script and completes with it', async () => {
  const path = await script('zsh')
  expect(runProgram(['zsh', '-n', path])).toEqual({ code: 0, out: '', error: '' })
  const line = 'autoload -U compinit; compinit -u -D; source "$1"; print $_comps[spindle]'
  expect(runProgram(['zsh', '-f', '-c', line, 'zsh', path])).toEqual({ code: 0, out: '_spindle\n', error: '' })
})

test.skipIf(!has('fish'))('fish completes commands, options and values', async () => {
  const path = await script('fish')
  const completed = (line: string): string =>
    runProgram(['fish', '--no-config', '-c', `source ${path}; complete -C "${line}"`]).out
  expect(completed('spindle conv')).toMatch(/^convert\t/m)
  expect(completed('spindle convert --salv')).toMatch(/^--salvage\t/m)
  expect(completed('spindle convert -O qco')).toMatch(/^qcow2(\t|$)/m)
})

test('any other shell is refused by name', async () => {
  expect(await spindleHere('completion', 'tcsh')).toMatchObject({
    code: 1,
    error: "spindle: Expecting bash, zsh or fish\nTry 'spindle completion --help' for more info\n",
  })
})
