// The descriptor of a new disk, line for line as QEMU and VMware write it.

import { SECTOR, NO_PARENT } from './layout.ts'
import type { Design } from './options.ts'

/** One extent line; without a name it is the file the descriptor itself is in. */
export interface NewExtent {
  readonly sectors: number
  readonly kind: 'SPARSE' | 'FLAT'
  readonly name: string
}

export interface NewParent {
  readonly contentId: string
  readonly name: string
}

export function descriptorText(
  design: Design,
  extents: readonly NewExtent[],
  parent: NewParent | undefined,
): Uint8Array {
  const { heads, sectors } = geometryFor(design.adapter)
  const names = [...extents.map(({ name }) => name), parent?.name ?? '']
  const lines = [
    '# Disk DescriptorFile',
    'version=1',
    // In plain ASCII every reader takes them for what they are.
    ...(/[^ -~]/.test(names.join('')) ? ['encoding="UTF-8"'] : []),
    `CID=${newContentId()}`,
    `parentCID=${parent?.contentId ?? NO_PARENT}`,
    `createType="${design.subformat}"`,
    parent ? `parentFileNameHint="${parent.name}"` : '',
    '# Extent description',
    ...extents.map(({ sectors: count, kind, name }) => `RW ${count} ${kind} "${name}"${kind === 'FLAT' ? ' 0' : ''}`),
    '',
    '# The Disk Data Base',
    '#DDB',
    '',
    `ddb.virtualHWVersion = "${design.hardwareVersion}"`,
    `ddb.geometry.cylinders = "${cylindersOf(design.virtualSize, heads, sectors)}"`,
    `ddb.geometry.heads = "${heads}"`,
    `ddb.geometry.sectors = "${sectors}"`,
    `ddb.adapterType = "${design.adapter}"`,
    `ddb.toolsVersion = "${design.toolsVersion}"`,
    '',
  ]
  return new TextEncoder().encode(lines.join('\n'))
}

export function cylindersOf(virtualSize: number, heads: number, sectors: number): number {
  return Math.floor(virtualSize / (SECTOR * heads * sectors))
}

/** Random, as every writer makes it: whoever has changed the disk leaves another one. */
export function newContentId(): string {
  // The two highest numbers have meanings of their own.
  const [number = 0] = crypto.getRandomValues(new Uint32Array(1))
  return Math.min(number, 0xffff_fffd).toString(16).padStart(8, '0')
}

function geometryFor(adapter: Design['adapter']): { readonly heads: number; readonly sectors: number } {
  return { heads: adapter === 'ide' ? 16 : 255, sectors: 63 }
}
