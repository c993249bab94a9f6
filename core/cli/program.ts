// The name this program was called by: a link called qemu-img makes it behave as that does where the two differ.

import { basename } from 'node:path'

export function programName(): 'qemu-img' | 'spindle' {
  return basename(process.argv[1] ?? '') === 'qemu-img' ? 'qemu-img' : 'spindle'
}

/** Scripts then expect its words, and that it replaces what is there. */
export function likeQemuImg(): boolean {
  return programName() === 'qemu-img'
}
