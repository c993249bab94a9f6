// All that QEMU says of one image at once: one process that starts four, which is cheaper than four of ours.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CheckTotals } from '../../core/model/check.ts'
import type { Oracle } from './oracles.ts'
import { totalsOf } from './qemu.ts'
import type { Qemu } from './qemu.ts'

export interface Judgement {
  readonly oracle: Oracle
  readonly folder: string
  readonly format: string
  readonly totals: CheckTotals
  /** What `check` printed of its findings. */
  readonly text: string
  /** The whole disk. */
  readonly content: Uint8Array
  /** What `map` or `info` answered. */
  json(word: string): unknown
}

const SCRIPT = `
"$1" check -f "$4" --output=json "$2" > "$3/check" 2> "$3/text"
test $? != 1 || exit 1
"$1" map -f "$4" --output=json "$2" > "$3/map" &&
"$1" info -U -f "$4" --output=json "$2" > "$3/info" &&
"$1" convert -f "$4" -O raw "$2" "$3/content"
`

/** Throws when QEMU cannot open the image. */
export function judgement({ oracle, folder, format }: Qemu, name: string): Judgement {
  const answers = mkdtempSync(join(tmpdir(), 'spindle-judge-'))
  try {
    const words = ['-c', SCRIPT, 'sh', oracle.qemuImg, name, answers, format]
    const { status, stderr } = spawnSync('sh', words, { cwd: folder, encoding: 'utf8' })
    const answer = (word: string): string => readFileSync(join(answers, word), 'utf8')
    if (status !== 0) throw new Error(`QEMU ${oracle.version} fails on ${name}: ${stderr}${answer('text')}`)
    const said = new Map(['map', 'info'].map((word) => [word, JSON.parse(answer(word)) as unknown]))
    return {
      oracle,
      folder,
      format,
      totals: totalsOf(answer('check')),
      text: answer('text'),
      content: readFileSync(join(answers, 'content')),
      json: (word) => said.get(word),
    }
  } finally {
    rmSync(answers, { recursive: true })
  }
}
