// The same volume in the words of other programs, to be copied: QEMU, libvirt, virt-install.

import type { FormatId } from '../../core/model/index.ts'
import { commandText } from './shell-words.ts'

export interface Equivalent {
  readonly id: 'qemu-img' | 'virt-install' | 'libvirt' | 'qemu'
  readonly text: string
}

/** Programs that cannot name this file are left out. */
export function equivalentsOf(path: string, format: FormatId): readonly Equivalent[] {
  // QEMU knows LUKS by itself under this name; libvirt takes it for raw.
  const type = format === 'luks' ? 'raw' : format
  return [
    { id: 'qemu-img', text: commandText(['qemu-img', 'info', '--backing-chain', path]) },
    // A comma ends its value there, and nothing can be put before it.
    ...(path.includes(',')
      ? []
      : [
          {
            id: 'virt-install',
            text: commandText(['--disk', `path=${path},format=${type},bus=virtio`]),
          } as const,
        ]),
    { id: 'libvirt', text: libvirtDisk(path, type) },
    {
      id: 'qemu',
      text: commandText(['-drive', `file=${commas(path)},format=${format},if=virtio`]),
    },
  ]
}

function libvirtDisk(path: string, type: string): string {
  return [
    '<disk type="file" device="disk">',
    `  <driver name="qemu" type="${type}"/>`,
    `  <source file="${xml(path)}"/>`,
    '  <target dev="vda" bus="virtio"/>',
    '</disk>',
  ].join('\n')
}

/** QEMU's options end at a single comma. */
function commas(text: string): string {
  return text.replaceAll(',', ',,')
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

function xml(text: string): string {
  return text.replaceAll(/[&<>"]/g, (one) => ENTITIES[one] ?? one)
}
