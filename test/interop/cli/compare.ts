// Whether two folders hold the same images after two programs were at work in them.

import { spawnSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { Case } from './case.ts'

/** What an image is, told by qemu-img; where its parts lie in the file, and how long that is, is each program's own. */
export function expectSameFiles(qemuImg: string, theirs: string, ours: string, { differs, rootless }: Case): void {
  if (differs?.files === 'none') return
  const names = readdirSync(theirs).toSorted()
  expect(readdirSync(ours).toSorted()).toEqual(names)
  for (const name of names) {
    if (readFileSync(join(theirs, name)).equals(readFileSync(join(ours, name)))) continue
    const only = differs?.files === 'content'
    const [wanted, made] = [factsOf(qemuImg, theirs, name, only), factsOf(qemuImg, ours, name, only)]
    expect({ name, ...made }).toEqual({ name, ...wanted })
    if (wanted.locked || rootless === true) continue
    const words = ['compare', join(theirs, name), join(ours, name)]
    const { stdout, stderr } = spawnSync(qemuImg, words, { encoding: 'utf8' })
    expect(`${name}: ${stdout}${stderr}`).toBe(`${name}: Images are identical.\n`)
  }
}

function factsOf(qemuImg: string, folder: string, name: string, contentOnly: boolean) {
  const json = (words: readonly string[]): unknown => {
    const { stdout, status } = spawnSync(qemuImg, words, { cwd: folder, encoding: 'utf8' })
    return stdout === '' ? status : JSON.parse(stdout)
  }
  const info = cleaned(json(['info', '-U', '--output=json', name])) as Readonly<Record<string, unknown>>
  const locked = info['encrypted'] === true || info['format'] === 'luks'
  if (locked || contentOnly) return { info, locked }
  const map = json(['map', '-U', '--output=json', name])
  const check = spawnSync(qemuImg, ['check', '-U', '-q', name], { cwd: folder }).status
  return { info, locked, check, map: Array.isArray(map) ? joined(map as readonly Row[]) : map }
}

const OWN = new Set([
  'actual-size',
  'children',
  'date-sec',
  'date-nsec',
  'vm-clock-nsec',
  // Random numbers.
  'cid',
  'parent-cid',
  'uuid',
  'iters',
  'master-key-iters',
  'filename',
])

function cleaned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(cleaned)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]: [string, unknown]) => (OWN.has(key) ? [] : [[key, cleaned(item)]])),
  )
}

interface Row {
  readonly start: number
  readonly length: number
  readonly depth: number
  readonly present: boolean
  readonly zero: boolean
  readonly data: boolean
  readonly compressed: boolean
}

/** Without where it lies in the file: rows that differ in nothing else become one. */
function joined(rows: readonly Row[]): readonly unknown[] {
  const result: Row[] = []
  for (const { start, length, depth, present, zero, data, compressed } of rows) {
    const last = result.at(-1)
    const kind = { depth, present, zero, data, compressed }
    const isSame = last && (Object.keys(kind) as (keyof typeof kind)[]).every((key) => last[key] === kind[key])
    if (last && isSame) result[result.length - 1] = { ...last, length: last.length + length }
    else result.push({ start, length, ...kind })
  }
  return result
}
