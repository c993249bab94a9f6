// UUIDs as VDI keeps them: the first three parts with their bytes reversed.

export const NO_UUID = new Uint8Array(16)

export function newUuid(): Uint8Array {
  return reordered(Buffer.from(crypto.randomUUID().replaceAll('-', ''), 'hex'))
}

export function isNoUuid(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0)
}

/** As people read it, and as VirtualBox has it in its machine files. */
export function uuidText(bytes: Uint8Array): string {
  const digits = Buffer.from(reordered(bytes)).toString('hex')
  return [0, 8, 12, 16, 20].map((start, part) => digits.slice(start, [8, 12, 16, 20, 32][part])).join('-')
}

function reordered(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from([3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15], (from) => bytes[from] ?? 0)
}
