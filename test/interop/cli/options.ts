// Which options qemu-img has, by its own help, and writing a command line with other spellings of them.

import { spawnSync } from 'node:child_process'

export const COMMANDS = [
  'amend',
  'bench',
  'bitmap',
  'check',
  'commit',
  'compare',
  'convert',
  'create',
  'dd',
  'info',
  'map',
  'measure',
  'rebase',
  'resize',
  'snapshot',
] as const

/** Slips in qemu-img's own help: written otherwise than it is understood. */
const SLIPS = new Set(['check -u', 'amend --progres', 'convert --output-format'])

export interface Spelling {
  readonly short?: string
  readonly long?: string
}

/** Every option that the help of a command lists, those of its first lines included. */
export function optionsOf(qemuImg: string, command: string): readonly Spelling[] {
  const { stdout } = spawnSync(qemuImg, [command, '--help'], { encoding: 'utf8' })
  const [usage = '', listed = ''] = stdout.split('Arguments:')
  const found: Spelling[] = []
  for (const line of listed.split('\n')) {
    const [, short, long] = /^\s+(-\w)(?:, (--[\w-]+))?(?![\w-])/.exec(line) ?? []
    const longs = [...(/^\s+(--[\w-]+(?:, --[\w-]+)*)/.exec(line)?.[1]?.split(', ') ?? [])]
    if (short !== undefined) found.push({ short, ...(long !== undefined && { long }) })
    for (const one of longs) found.push({ long: one })
  }
  const known = new Set(found.flatMap(({ short, long }) => [short, long]))
  for (const [, word = ''] of usage.matchAll(/(?<![\w-])(--?[A-Za-z][\w-]*)/g)) {
    if (known.has(word)) continue
    known.add(word)
    found.push(word.startsWith('--') ? { long: word } : { short: word })
  }
  return found.filter(
    ({ short, long }) => !SLIPS.has(`${command} ${short ?? ''}`) && !SLIPS.has(`${command} ${long ?? ''}`),
  )
}
