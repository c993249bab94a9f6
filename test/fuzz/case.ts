// One case of the fuzzer, made anew from its number; and the form in which those that failed are kept.

import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { FormatId } from '../../core/model/image.ts'
import { randomFrom } from '../helpers/seeds.ts'
import type { Random } from '../helpers/seeds.ts'
import { mutate } from './mutate.ts'
import type { Mutant, Victim } from './victim.ts'

export interface Case {
  readonly mutant: Mutant
  /** For what is done to it. */
  readonly random: Random
}

export function caseOf(seed: number, among: readonly Victim[]): Case {
  const random = randomFrom(seed)
  return { mutant: mutate(random.pick(among), random), random }
}

/** The image itself, so that it means the same whatever becomes of the fuzzer. */
interface Kept {
  readonly format: FormatId
  readonly words: string
  readonly problem: string
  readonly size?: number
  /** Packed with gzip, in base64. */
  readonly files: Readonly<Record<string, string>>
}

const FIXTURES = fileURLToPath(new URL('../malformed/fixtures', import.meta.url))

/** Returns the name of the file. */
export function keep({ format, words, files, size }: Mutant, problem: string): string {
  const packed = Object.fromEntries([...files].map(([name, bytes]) => [name, gzipSync(bytes).toString('base64')]))
  const kept: Kept = {
    format,
    words,
    problem: problem.slice(0, 300),
    ...(size !== undefined && { size }),
    files: packed,
  }
  const name = `${format}-${createHash('sha256').update(words).digest('hex').slice(0, 8)}.json`
  mkdirSync(FIXTURES, { recursive: true })
  writeFileSync(join(FIXTURES, name), `${JSON.stringify(kept, null, 2)}\n`)
  return join(FIXTURES, name)
}

/** All that have failed once. */
export function keptMutants(): readonly (Mutant & { readonly name: string })[] {
  const names = readdirSync(FIXTURES).filter((name) => name.endsWith('.json'))
  return names.toSorted().map((name) => {
    const { files, format, words, size } = JSON.parse(readFileSync(join(FIXTURES, name), 'utf8')) as Kept
    const unpacked = Object.entries(files).map(
      ([file, text]) => [file, new Uint8Array(gunzipSync(Buffer.from(text, 'base64')))] as const,
    )
    return { name, format, words, files: new Map(unpacked), ...(size !== undefined && { size }) }
  })
}
