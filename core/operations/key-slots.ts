// key slots: which passphrases open an encrypted image.

import type { KeySlots } from '../crypto/key-slots.ts'
import type { Secrets } from '../crypto/secrets.ts'
import { openLayer } from '../image/chain.ts'
import type { ImageLayer } from '../image/driver.ts'
import type { OperationContext } from '../jobs/operation.ts'
import { SpindleError, assertNever, errorData } from '../model/error.ts'
import type { KeySlotFacts } from '../model/image.ts'
import { refuseHalfChanged } from '../storage/undo-file.ts'
import { throwIfCancelled } from './cancel.ts'
import type { Parts } from './parts.ts'
import { Target } from './target.ts'

/** Secrets are named by their ids; left out, someone is asked. */
export type KeySlotAction =
  | {
      readonly kind: 'add'
      readonly secret?: string
      /** Number of a free slot; left out, the first one. */
      readonly slot?: number
      /** What trying the passphrase is to take; left out, two seconds. */
      readonly milliseconds?: number
    }
  /** The slots that the passphrase of today opens are erased once the new one opens another. */
  | { readonly kind: 'replace'; readonly milliseconds?: number }
  | {
      readonly kind: 'remove'
      /** The number of a slot, or the secret whose slots are all meant. */
      readonly slots: { readonly number: number } | { readonly secret: string }
      /** Also the last one, after which nobody can ever read the data again. */
      readonly evenLast: boolean
    }

export interface KeySlotSpec {
  readonly path: string
  /** Left out, it is detected. */
  readonly format?: string
  readonly action: KeySlotAction
  /** It need not be unlocked first: the passphrase that comes along is tried by this. */
  readonly locked?: boolean
}

const USUAL_TIME = 2000

/**
 * Returns the slots as they are afterwards. While it works, a copy of the header as it was lies beside the image as
 * `<name>.luks-header`; it stays there only when the change was cut off, for it opens what was to be closed.
 */
export async function keySlots(
  { path, format, action, locked = false }: KeySlotSpec,
  context: OperationContext,
  parts: Parts,
): Promise<readonly KeySlotFacts[]> {
  throwIfCancelled(context.signal)
  await refuseHalfChanged(path)
  const how = locked ? { ...parts, gate: { ...parts.gate, secrets: undefined } } : parts
  await using layer = await openLayer(await parts.openFile(path, 'write'), format, 'write', how)
  const slots = slotsOf(layer, locked)
  if (locked && action.kind === 'remove') await checkKnown(slots, path, parts)
  const work = await working(slots, action, path, parts)
  const backup = `${path}.luks-header`
  await using copy = await Target.start({ path: backup, overwrite: false, parts, untouchable: [path] })
  await copy.storage.write(0, await slots.backup())
  await copy.flush()
  context.pointOfNoReturn()
  try {
    await work()
  } catch (error) {
    await copy.publish()
    const { code, message } = errorData(error)
    throw new SpindleError(
      code,
      `${message} The key slots of ${path} may be half changed; its header as it was is in ${backup}, which opens it with the old passphrases.`,
      { path, cause: error },
    )
  }
  return slots.list()
}

function slotsOf({ keySlots: slots, unreadable, storage }: ImageLayer, locked: boolean): KeySlots {
  if (unreadable && !(locked && unreadable.code === 'locked')) throw SpindleError.fromData(unreadable)
  if (slots) return slots
  throw new SpindleError(
    'unsupported',
    `${storage.name} has no key slots that Spindle can change: those of LUKS version 1 alone can be. Nothing was changed.`,
    { path: storage.name },
  )
}

async function working(
  slots: KeySlots,
  action: KeySlotAction,
  path: string,
  parts: Parts,
): Promise<() => Promise<void>> {
  switch (action.kind) {
    case 'add':
    case 'replace':
      return adding(slots, action, path, parts)
    case 'remove':
      return removing(slots, action, path, parts)
    default:
      return assertNever(action)
  }
}

async function adding(
  slots: KeySlots,
  action: KeySlotAction & { readonly kind: 'add' | 'replace' },
  path: string,
  parts: Parts,
): Promise<() => Promise<void>> {
  const { milliseconds = USUAL_TIME } = action
  const { secret, slot } = action.kind === 'add' ? action : {}
  const list = await slots.list()
  const free = list.find((one) => !one.active && (slot === undefined || one.slot === slot))
  if (!free)
    throw new SpindleError(
      'invalid-argument',
      slot === undefined
        ? `All key slots of ${path} are in use. Nothing was changed. Remove one first.`
        : `Key slot ${slot} of ${path} is in use, or there is none with that number. Nothing was changed.`,
      { path },
    )
  const { known, opens } = await knownPassphrase(slots, path, parts.gate.secrets)
  const added = await passphraseOf(parts.gate.secrets, path, 'new', secret)
  return async () => {
    try {
      const [knownSlot] = opens
      await slots.add({ known, added, slot: free.slot, milliseconds, ...(knownSlot !== undefined && { knownSlot }) })
      if (action.kind === 'replace') for (const old of opens) await slots.erase(old)
    } finally {
      known.fill(0)
      added.fill(0)
    }
  }
}

async function removing(
  slots: KeySlots,
  { slots: meant, evenLast }: KeySlotAction & { readonly kind: 'remove' },
  path: string,
  parts: Parts,
): Promise<() => Promise<void>> {
  const active = (await slots.list()).filter((one) => one.active).map((one) => one.slot)
  const wanted = 'number' in meant ? [meant.number] : await openedBy(slots, meant.secret, path, parts.gate.secrets)
  const gone = active.filter((slot) => wanted.includes(slot))
  if (gone.length === 0)
    throw new SpindleError(
      'invalid-argument',
      'number' in meant
        ? `Key slot ${meant.number} of ${path} is not in use. Nothing was changed.`
        : `No key slot of ${path} is opened by the secret “${meant.secret}”. Nothing was changed.`,
      { path },
    )
  if (gone.length === active.length && !evenLast)
    throw new SpindleError(
      'invalid-argument',
      `Without ${gone.length === 1 ? 'its last key slot' : 'these key slots'} nobody could ever read ${path} again. Nothing was changed. Add another passphrase first, or force it.`,
      { path },
    )
  return async () => {
    for (const slot of gone) await slots.erase(slot)
  }
}

async function openedBy(
  slots: KeySlots,
  secret: string,
  path: string,
  secrets: Secrets | undefined,
): Promise<readonly number[]> {
  const passphrase = await passphraseOf(secrets, path, 'unlock', secret)
  try {
    return await slots.openedBy(passphrase)
  } finally {
    passphrase.fill(0)
  }
}

interface KnownPassphrase {
  /** To be overwritten. */
  readonly known: Uint8Array
  readonly opens: readonly number[]
}

/** One that opens the volume, and which slots it opens. */
async function knownPassphrase(slots: KeySlots, path: string, secrets: Secrets | undefined): Promise<KnownPassphrase> {
  for (let attempt = 0; ; attempt += 1) {
    const known = await secrets?.passphrase({ path, purpose: 'unlock', attempt })
    if (!known)
      throw attempt === 0
        ? new SpindleError('invalid-argument', 'No passphrase was given. Nothing was changed.', { path })
        : wrongPassphrase(path)
    const opens = await slots.openedBy(known)
    if (opens.length > 0) return { known, opens }
    known.fill(0)
  }
}

async function checkKnown(slots: KeySlots, path: string, parts: Parts): Promise<void> {
  const { known } = await knownPassphrase(slots, path, parts.gate.secrets)
  known.fill(0)
}

function wrongPassphrase(path: string): SpindleError {
  return new SpindleError(
    'locked',
    `The passphrase given does not open ${path}. Nothing was changed. Check it and try again.`,
    { path },
  )
}

async function passphraseOf(
  secrets: Secrets | undefined,
  path: string,
  purpose: 'unlock' | 'new',
  id: string | undefined,
): Promise<Uint8Array> {
  const passphrase = await secrets?.passphrase({ path, purpose, attempt: 0, ...(id !== undefined && { id }) })
  if (passphrase && passphrase.length > 0) return passphrase
  const what = id === undefined ? 'No passphrase was given.' : `There is no secret with the id “${id}”.`
  throw new SpindleError('invalid-argument', `${what} Nothing was changed.`, { path })
}
