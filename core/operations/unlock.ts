// unlock: finding out whether a passphrase opens a volume and what lies below it, and keeping the keys for the session.

import type { Secrets } from '../crypto/secrets.ts'
import type { SessionSecrets } from '../crypto/session-secrets.ts'
import { openDisk } from '../image/chain.ts'
import { leadingPath } from '../image/leading.ts'
import { SpindleError } from '../model/error.ts'
import type { UnlockOutcome, UnlockSpec } from '../model/lock.ts'
import type { Parts } from './parts.ts'

export async function unlock(
  { path, passphrase, remember, evenLong }: UnlockSpec,
  session: SessionSecrets,
  parts: Parts,
): Promise<UnlockOutcome> {
  let opened = 0
  let long: { readonly path: string; readonly seconds: number } | undefined
  const secrets: Secrets = {
    passphrase: async ({ attempt }) => (attempt === 0 ? new Uint8Array(passphrase) : undefined),
    mayTake: async (path, seconds) => {
      if (!evenLong) long = { path, seconds }
      return evenLong
    },
    volumeKey: (header) => session.volumeKey(header),
    keepVolumeKey: (header, key) => {
      opened += 1
      session.keep(header, key, remember)
    },
  }
  const start = performance.now()
  const stillLocked = await firstLocked(path, parts, secrets)
  if (stillLocked === undefined) return { kind: 'unlocked' }
  if (long) return { kind: 'long', ...long }
  if (opened > 0) return { kind: 'next', path: stillLocked }
  return { kind: 'wrong', path: stillLocked, milliseconds: Math.round(performance.now() - start) }
}

/** Path of the first file of the chain that nobody has unlocked; undefined where all of it can be read. */
export async function lockedFile(path: string, parts: Parts): Promise<string | undefined> {
  return firstLocked(path, parts, parts.gate.secrets)
}

/** What was unlocked of this volume and below it is locked again. */
export async function lock(path: string, session: SessionSecrets, parts: Parts): Promise<void> {
  const seen: string[] = []
  await firstLocked(path, parts, {
    passphrase: async () => undefined,
    mayTake: async () => false,
    volumeKey: (header) => {
      seen.push(header)
      return session.volumeKey(header)
    },
    keepVolumeKey: () => {},
  })
  for (const header of seen) session.forget(header)
}

async function firstLocked(path: string, parts: Parts, secrets: Secrets | undefined): Promise<string | undefined> {
  const how = { ...parts, gate: { ...parts.gate, secrets }, access: 'read' } as const
  await using disk = await openDisk(await parts.look(await leadingPath(path, undefined, parts), 'read'), how)
  const layer = disk.layers.find(({ unreadable }) => unreadable)
  if (!layer?.unreadable) return undefined
  if (layer.unreadable.code === 'locked') return layer.storage.name
  throw SpindleError.fromData(layer.unreadable)
}
