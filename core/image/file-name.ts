// The name of a file without its folder, for formats that write it down or name other files after it.

import { basename, extname } from 'node:path'
import type { Storage } from '../storage/storage.ts'

export function fileNameOf({ name }: Pick<Storage, 'name'>): string {
  return basename(name)
}

export function withoutExtension(fileName: string): string {
  return fileName.slice(0, fileName.length - extname(fileName).length)
}
