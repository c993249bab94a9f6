// Changing key slots with passphrases that come along, and keeping a copy of a header: what the window asks for.

import type { Secrets } from '../crypto/secrets.ts'
import { openLayer } from '../image/chain.ts'
import { SpindleError, assertNever } from '../model/error.ts'
import type { KeySlotFacts } from '../model/image.ts'
import type { KeyChange } from '../model/lock.ts'
import { keySlots } from './key-slots.ts'
import type { KeySlotAction } from './key-slots.ts'
import type { Parts } from './parts.ts'
import { Target } from './target.ts'

/** Overwrites no passphrase: they belong to who brought them. */
export async function changeKeys(path: string, change: KeyChange, parts: Parts): Promise<readonly KeySlotFacts[]> {
  const secrets: Secrets = {
    passphrase: async ({ purpose, attempt }) => {
      if (attempt > 0) return undefined
      if (purpose === 'unlock') return new Uint8Array(change.known)
      return change.kind === 'remove' ? undefined : new Uint8Array(change.added)
    },
    // It was unlocked before, by the one who asks.
    mayTake: async () => true,
    volumeKey: () => undefined,
    keepVolumeKey: () => {},
  }
  const context = { signal: new AbortController().signal, progress: () => {}, pointOfNoReturn: () => {} }
  return keySlots({ path, action: actionOf(change), locked: true }, context, {
    ...parts,
    gate: { ...parts.gate, secrets },
  })
}

function actionOf(change: KeyChange): KeySlotAction {
  switch (change.kind) {
    case 'add':
    case 'replace': {
      const { kind, milliseconds } = change
      return { kind, ...(milliseconds !== undefined && { milliseconds }) }
    }
    case 'remove':
      return { kind: 'remove', slots: { number: change.slot }, evenLast: change.evenLast }
    default:
      return assertNever(change)
  }
}

/** Writes a copy of the header and its key slots to a new file: with it, whoever has a passphrase of today has the data. */
export async function backupHeader(path: string, target: string, parts: Parts): Promise<void> {
  const alone = { ...parts, gate: { ...parts.gate, secrets: undefined } }
  await using layer = await openLayer(await parts.look(path, 'read'), undefined, 'read', alone)
  if (!layer.keySlots)
    throw new SpindleError(
      'unsupported',
      `${path} has no key slots that Spindle knows: those of LUKS version 1 alone. Nothing was written.`,
      { path },
    )
  await using copy = await Target.start({ path: target, overwrite: false, parts, untouchable: [path] })
  await copy.storage.write(0, await layer.keySlots.backup())
  await copy.flush()
  await copy.publish()
}
