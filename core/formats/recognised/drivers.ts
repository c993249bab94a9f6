// Formats that are named when they are met, so that no one takes such a file for a raw disk.

import type { ImageDriver } from '../../image/driver.ts'
import { recognisedOnly } from '../../image/partial-driver.ts'

const CLOOP_SCRIPT = '#!/bin/sh\n#V2.0 Format\n'
const BOCHS_MAGIC = 'Bochs Virtual HD Image\0'

export const cloopDriver: ImageDriver = recognisedOnly({
  format: 'cloop',
  title: 'compressed loop image (cloop) of a live CD',
  extensions: ['cloop'],
  isIt: (head) => beginsWith(head, CLOOP_SCRIPT),
  wayOut: 'Convert it with “qemu-img convert -f cloop -O qcow2” first.',
})

export const bochsDriver: ImageDriver = recognisedOnly({
  format: 'bochs',
  title: 'growing disk image of Bochs',
  extensions: ['bochs'],
  isIt: (head) => beginsWith(head, BOCHS_MAGIC),
  wayOut: 'Convert it with “qemu-img convert -f bochs -O qcow2” or with Bochs’s own bximage first.',
})

function beginsWith(head: Uint8Array, text: string): boolean {
  return new TextDecoder('latin1').decode(head.subarray(0, text.length)) === text
}
