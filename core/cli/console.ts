// Standard output and error, written in the order of the program: scripts merge the two.

import { writeSync } from 'node:fs'
import { isatty } from 'node:tty'

export interface Console {
  out(text: string): void
  error(text: string): void
  /** A person watches standard output. */
  readonly interactive: boolean
  /** Asks for a passphrase without showing it. Undefined when there is no one to ask, or no answer. */
  askSecret?(prompt: string): Promise<Uint8Array | undefined>
  /** Characters in a line, when a person watches. */
  columns(): number
}

export function systemConsole(): Console {
  return {
    out: (text) => write(1, text),
    error: (text) => write(2, text),
    interactive: isatty(1),
    ...(isatty(0) && { askSecret }),
    // A terminal that does not know its width says 0.
    columns: () => process.stdout.columns || 80,
  }
}

/** Byte by byte from the terminal: no string of it is ever made, which could not be overwritten. */
async function askSecret(prompt: string): Promise<Uint8Array | undefined> {
  const { readSecret } = await import('./secret-prompt.ts')
  write(2, prompt)
  const secret = await readSecret()
  write(2, '\n')
  return secret
}

function write(descriptor: number, text: string): void {
  let rest: Uint8Array = Buffer.from(text)
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest))
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined
      // The reader has gone, as `head` does: there is no one left to tell.
      if (code === 'EPIPE') return
      if (code !== 'EAGAIN') throw error
      waitALittle()
    }
  }
}

/** A pipe another program made non-blocking is full. */
function waitALittle(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
}

/** Text that came out of an image or a file name: what would steer the terminal is shown instead. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}|\p{Bidi_Control}/gu, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
