// What a VMDK says of itself, with the part that qemu-img calls format-specific in qemu-img's keys and order.

import type { Details } from '../../model/image.ts'
import type { Storage } from '../../storage/storage.ts'
import type { Opened } from './open.ts'
import { NO_PARENT, SECTOR } from './layout.ts'
import type { Part } from './part.ts'

export function detailsOf(storage: Storage, opened: Opened): Details {
  const { descriptor, parts } = opened
  const [first] = parts
  return {
    ...(first?.kind === 'sparse' && { clusterSize: first.tables.shape.grainSize }),
    specific: {
      cid: numberOf(descriptor.contentId),
      'parent-cid': numberOf(descriptor.parent?.contentId),
      'create-type': descriptor.createType,
      extents: isSingle(storage, parts)
        ? parts.map((part) => extentOf(part, storage.name, ''))
        : descriptor.extents.map((line, index) => {
            const part = parts[index]
            const name = part && fileOf(part)?.name
            if (part) return extentOf(part, name ?? '', line.kind)
            return { 'virtual-size': line.sectors * SECTOR, filename: line.name, format: line.kind }
          }),
    },
  }
}

function extentOf(part: Part, filename: string, format: string) {
  const shape = part.kind === 'sparse' ? part.tables.shape : undefined
  return {
    ...(shape?.packed && { compressed: true }),
    'virtual-size': part.length,
    filename,
    ...(shape && { 'cluster-size': shape.grainSize }),
    format,
  }
}

function isSingle(storage: Storage, [first, ...others]: readonly Part[]): boolean {
  return others.length === 0 && first?.kind === 'sparse' && first.tables.storage === storage
}

function fileOf(part: Part): Storage | undefined {
  return part.kind === 'flat' ? part.storage : part.kind === 'sparse' ? part.tables.storage : undefined
}

function numberOf(contentId = NO_PARENT): number {
  return Number.parseInt(contentId, 16)
}
