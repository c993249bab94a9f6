// What a VHD says of itself.

import type { Details } from '../../model/image.ts'
import type { Opened } from './open.ts'

export function detailsOf({ blocks, faults }: Opened): Details {
  return {
    ...(blocks && { clusterSize: blocks.blockSize }),
    ...(faults.length > 0 && { warnings: faults.map(({ what }) => sentence(what)) }),
  }
}

function sentence(clause: string): string {
  return `${clause.charAt(0).toUpperCase()}${clause.slice(1)}.`
}
