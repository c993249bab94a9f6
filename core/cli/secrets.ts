// `--object secret,…`: passphrases given on the command line, and asking for those that were not.

import { readFile } from 'node:fs/promises'
import { Keyring } from '../index.ts'
import type { SecretRequest } from '../index.ts'
import { SpindleError, errorData } from '../model/error.ts'
import { printable } from './console.ts'
import type { Console } from './console.ts'
import { warningText } from './failure.ts'
import { parseKeyValues } from './key-values.ts'

const MOST_ATTEMPTS = 3

/** Throws `invalid-argument` for what is no secret or cannot be read. */
export async function keyringFor(objects: readonly string[], console: Console): Promise<Keyring> {
  const keyring = new Keyring({
    ask: async (request) => ask(request, console),
    mayTake: async (path, seconds) => mayTake(path, seconds, console),
  })
  for (const object of objects) await addSecret(keyring, object, console)
  return keyring
}

async function addSecret(keyring: Keyring, object: string, console: Console): Promise<void> {
  const [kind = '', ...rest] = object.split(/(?<!,),(?!,)/)
  if (kind !== 'secret') throw refused(`Spindle knows --object secret only, not “${kind}”.`)
  const values = parseKeyValues([rest.join(',')])
  const unknown = [...(values?.keys() ?? [])].find((key) => !['id', 'file', 'data', 'format'].includes(key))
  if (unknown !== undefined) throw refused(`Spindle does not know “${unknown}” of --object secret.`)
  const id = values?.get('id')
  const file = values?.get('file')
  const data = values?.get('data')
  const format = values?.get('format') ?? 'raw'
  if (id === undefined) throw refused('--object secret needs an id.')
  if ((file === undefined) === (data === undefined)) throw refused(`The secret “${id}” needs either file= or data=.`)
  if (format !== 'raw' && format !== 'base64') throw refused('The format of a secret is raw or base64.')
  if (data !== undefined)
    console.error(
      warningText(
        `The passphrase of “${id}” stands on the command line, where others can read it. Better put it in a file.`,
      ),
    )
  const bytes = file === undefined ? Buffer.from(data ?? '') : await contentOf(file)
  keyring.add(id, format === 'raw' ? bytes : decoded(bytes, id))
}

async function contentOf(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file)
  } catch (error) {
    throw refused(`The file ${file} with the secret cannot be read: ${errorData(error).message}`)
  }
}

function decoded(bytes: Uint8Array, id: string): Uint8Array {
  const text = new TextDecoder().decode(bytes).trim()
  const result = Buffer.from(text, 'base64')
  bytes.fill(0)
  if (result.toString('base64').replace(/=+$/, '') === text.replace(/=+$/, '')) return result
  throw refused(`The secret “${id}” is no valid base64.`)
}

async function ask({ path, purpose, attempt }: SecretRequest, console: Console): Promise<Uint8Array | undefined> {
  if (!console.askSecret || attempt >= MOST_ATTEMPTS) return undefined
  const name = printable(path)
  if (purpose === 'unlock') {
    return console.askSecret(attempt === 0 ? `Passphrase of ${name}: ` : 'That does not open it. Passphrase: ')
  }
  const first = await console.askSecret(`New passphrase for ${name}: `)
  const second = await console.askSecret('The same again: ')
  const isSame = first !== undefined && second !== undefined && Buffer.from(first).equals(second)
  second?.fill(0)
  if (isSame) return first
  first?.fill(0)
  throw refused('The two passphrases are not the same. Nothing was written.')
}

/** Where there is no one to ask, nobody has allowed it. */
async function mayTake(path: string, seconds: number, console: Console): Promise<boolean> {
  const minutes = Math.ceil(seconds / 60)
  const question = `The header of ${printable(path)} asks for about ${minutes} minutes of work to try a passphrase. Type yes to go on: `
  const answer = await console.askSecret?.(question)
  return answer !== undefined && Buffer.from(answer).toString() === 'yes'
}

function refused(message: string): SpindleError {
  return new SpindleError('invalid-argument', message)
}
