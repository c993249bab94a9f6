// Reading a line from the terminal that it does not show.

const ENTER = new Set([10, 13])
const ERASE = new Set([8, 127])
const END = 4
const INTERRUPT = 3
const CLEAR = 21
const MOST_BYTES = 4096

/** Undefined when the input ends, or the user gives up with Ctrl-C or Ctrl-D. */
export async function readSecret(): Promise<Uint8Array | undefined> {
  const { stdin } = process
  const line = new Uint8Array(MOST_BYTES)
  let length = 0
  const { promise, resolve } = Promise.withResolvers<Uint8Array | undefined>()
  const take = (typed: Uint8Array): void => {
    for (const byte of typed) {
      if (ENTER.has(byte)) return resolve(line.slice(0, length))
      if (byte === INTERRUPT) process.kill(process.pid, 'SIGINT')
      if (byte === INTERRUPT || (byte === END && length === 0)) return resolve(undefined)
      if (byte === CLEAR) length = 0
      else if (ERASE.has(byte)) length = beforeLastCharacter(line, length)
      else if (length < MOST_BYTES) line[length++] = byte
    }
    typed.fill(0)
  }
  const gone = (): void => resolve(undefined)
  stdin.setRawMode(true)
  stdin.on('data', take)
  stdin.on('end', gone)
  stdin.resume()
  try {
    return await promise
  } finally {
    stdin.pause()
    stdin.off('data', take)
    stdin.off('end', gone)
    stdin.setRawMode(false)
    line.fill(0)
  }
}

/** Where the last character of UTF-8 text starts. */
function beforeLastCharacter(line: Uint8Array, length: number): number {
  let start = Math.max(0, length - 1)
  while (start > 0 && ((line[start] ?? 0) & 0xc0) === 0x80) start -= 1
  return start
}
