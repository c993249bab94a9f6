// Everything the images of a folder hold, as one word for each: equal exactly where all of it is.

import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { check } from '../../core/operations/check.ts'
import { inspect } from '../../core/operations/inspect.ts'
import { openSource, systemParts } from '../../core/operations/parts.ts'
import { testKeyring } from './keyring.ts'
import { recorded } from './run-operation.ts'
import type { Link } from './chain.ts'

/** The disk, its snapshots, its bitmaps and its options, as Spindle reads them. */
export async function stateOf(folder: string, { name, format }: Link): Promise<string> {
  const path = join(folder, name)
  const words = [await digest(path, format)]
  await using disk = await openSource(path, format, systemParts('shared', testKeyring()))
  for (const { id, name: called } of (await disk.top.snapshots?.list()) ?? [])
    words.push(`snapshot ${id} ${called} ${await digest(path, format, id)}`)
  for (const { name: called, flags } of (await disk.top.bitmaps?.list()) ?? []) {
    const ranges = flags.includes('in-use') ? 'in use' : await Array.fromAsync(disk.top.bitmaps?.read(called) ?? [])
    words.push(`bitmap ${called} ${flags.join(' ')} ${JSON.stringify(ranges)}`)
  }
  const [facts] = await inspect({ path, format, chain: false }, systemParts('shared', testKeyring()))
  return [...words, facts?.backing?.path ?? 'alone', JSON.stringify(facts?.details.specific)].join('\n')
}

/** What a check finds beyond what is only lost room, or only slower. */
export async function dangersOf(folder: string, { name, format }: Link): Promise<readonly string[]> {
  if (format === 'raw') return []
  const found = await check(
    { kind: 'check', path: join(folder, name), format },
    recorded().context,
    systemParts('shared', testKeyring()),
  )
  const { findings = [] } = (found.kind === 'check' && found.report) || {}
  return findings
    .filter(({ kind, code }) => kind === 'error' && code !== 'copied-flag-missing')
    .map(({ message }) => message)
}

async function digest(path: string, format: string, id?: string): Promise<string> {
  await using disk = await openSource(
    path,
    format,
    systemParts('shared', testKeyring()),
    id === undefined ? undefined : { id },
  )
  const bytes = new Uint8Array(disk.size)
  await disk.read(0, bytes)
  return `${bytes.length} ${createHash('sha256').update(bytes).digest('hex')}`
}
