// Whether a file is the image that another one lies on, as far as that can be told without the one that is missing.

import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { parseReference, statedFormat } from '../image/reference.ts'
import { SpindleError } from '../model/error.ts'
import type { BaseDoubt, BaseVerdict } from '../model/plan.ts'
import { inspect } from './inspect.ts'
import type { Parts } from './parts.ts'

/** Milliseconds by which clocks of file systems differ. */
const GRACE = 2000

/** Throws `invalid-argument` when the image lies on nothing. */
export async function checkBase(path: string, candidate: string, system: Parts): Promise<BaseVerdict> {
  const parts = { ...system, openFile: system.look }
  const [image] = await inspect({ path, chain: false }, parts)
  const chain = await inspect({ path: candidate, chain: true }, parts)
  const [base] = chain
  if (!image?.backing || !base)
    throw new SpindleError('invalid-argument', `${path} lies on nothing, so there is nothing to look for.`, { path })
  if (chain.some((one) => one.path === image.path)) return { kind: 'another', doubts: ['itself'] }
  const { identity } = image.backing
  if (identity !== undefined && base.identity === identity) return { kind: 'same', doubts: [] }
  if (identity !== undefined) return { kind: 'another', doubts: ['identity'] }
  const format = image.backing.format ?? statedFormat(image.backing.path)
  const doubts: BaseDoubt[] = []
  if (format !== undefined && format !== base.format && format !== 'raw') return { kind: 'another', doubts: ['format'] }
  if (base.virtualSize !== image.virtualSize) doubts.push('size')
  if (basename(base.path) !== basename(nameIn(image.backing.path))) doubts.push('name')
  // Whoever writes to a base changes all that lies on it.
  if (base.modifiedAt > (await madeAt(path)) + GRACE) doubts.push('newer')
  return { kind: 'plausible', doubts }
}

function nameIn(reference: string): string {
  try {
    return parseReference(reference).path
  } catch (error) {
    if (error instanceof SpindleError) return reference
    throw error
  }
}

/** Some file systems do not know it, and say the last change. */
async function madeAt(path: string): Promise<number> {
  const { birthtimeMs, mtimeMs } = await stat(path)
  return birthtimeMs > 0 ? birthtimeMs : mtimeMs
}
