// Key slots in `spindle amend -o`: qemu-img’s words for adding and removing passphrases.

import type { KeySlotAction } from '../index.ts'
import { SpindleError } from '../model/error.ts'
import type { FormatId } from '../model/image.ts'

const WORDS = ['state', 'keyslot', 'old-secret', 'new-secret', 'iter-time'] as const

/** Undefined where the options say nothing of keys. Throws `invalid-argument` where they say too much or too little. */
export function keySlotAction(
  texts: ReadonlyMap<string, string>,
  format: FormatId,
  force: boolean,
): KeySlotAction | undefined {
  const prefix = format === 'luks' ? '' : 'encrypt.'
  const word = (name: (typeof WORDS)[number]): string | undefined => texts.get(prefix + name)
  const own = WORDS.map((name) => prefix + name)
  if (![...texts.keys()].some((name) => own.includes(name))) return undefined
  const other = [...texts.keys()].find((name) => !own.includes(name))
  if (other !== undefined) throw refusal(`${other} cannot change together with keys`)
  const keyslot = word('keyslot')
  const slot = keyslot === undefined ? undefined : numberOf(`${prefix}keyslot`, keyslot)
  const secret = word('new-secret')
  const oldSecret = word('old-secret')
  const time = word('iter-time')
  switch (word('state')) {
    case 'active':
      if (oldSecret !== undefined) throw refusal(`${prefix}old-secret must not be given when activating keyslots`)
      return {
        kind: 'add',
        ...(secret !== undefined && { secret }),
        ...(slot !== undefined && { slot }),
        ...(time !== undefined && { milliseconds: numberOf(`${prefix}iter-time`, time) }),
      }
    case 'inactive':
      if (secret !== undefined || time !== undefined)
        throw refusal(`${prefix}new-secret and ${prefix}iter-time must not be given when erasing keyslots`)
      if ((slot === undefined) === (oldSecret === undefined))
        throw refusal(`Either ${prefix}keyslot or ${prefix}old-secret must be given when erasing keyslots`)
      return {
        kind: 'remove',
        slots: slot === undefined ? { secret: oldSecret ?? '' } : { number: slot },
        evenLast: force,
      }
    default:
      throw refusal(`${prefix}state must be active or inactive`)
  }
}

function numberOf(name: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw refusal(`${name} takes a number, not '${text}'`)
}

function refusal(message: string): SpindleError {
  return new SpindleError('invalid-argument', message)
}
