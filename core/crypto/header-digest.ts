// What a header is known by: the same bytes lead to the same key.

import { createHash } from 'node:crypto'

export function headerDigest(header: Uint8Array): string {
  return createHash('sha256').update(header).digest('hex')
}
