// A raw disk with a real ext4 file system full of this machine's own files.

import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { MiB } from '../../core/model/units.ts'
import { CACHE } from './oracles.ts'

/** Where files are taken from, in this order, until there are enough. */
const SOURCES = ['/usr/lib', '/usr/share', '/usr/bin']

/**
 * Path of a raw disk of `size` bytes holding at least `content` bytes of files. Made once and kept: tests copy it or
 * only read it. Sparse, as mke2fs leaves it.
 */
export function realDisk(content = 320 * MiB, size = 2 * content): string {
  const path = join(CACHE, `ext4-${Math.round(content / MiB)}m-${Math.round(size / MiB)}m.img`)
  if (existsSync(path)) return path
  mkdirSync(CACHE, { recursive: true })
  const stage = mkdtempSync(join(tmpdir(), 'spindle-files-'))
  try {
    const copied = copyFiles(stage, content)
    if (copied < content) throw new Error(`this machine has only ${copied} bytes of files in ${SOURCES.join(', ')}`)
    const fresh = `${path}.new`
    rmSync(fresh, { force: true })
    const made = spawnSync('mke2fs', ['-q', '-F', '-t', 'ext4', '-d', stage, fresh, `${Math.round(size / 1024)}k`], {
      encoding: 'utf8',
      env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` },
    })
    if (made.status !== 0) throw new Error(`mke2fs failed: ${made.stderr}`)
    renameSync(fresh, path)
  } finally {
    rmSync(stage, { recursive: true, force: true })
  }
  return path
}

function copyFiles(stage: string, content: number): number {
  let copied = 0
  const visit = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      if (copied >= content) return
      const path = join(folder, entry.name)
      if (entry.isDirectory()) visit(path)
      if (!entry.isFile()) continue
      const { size } = statSync(path)
      // One huge file is no file system to speak of.
      if (size > content / 4) continue
      const target = join(stage, basename(folder))
      mkdirSync(target, { recursive: true })
      try {
        copyFileSync(path, join(target, entry.name))
        copied += size
      } catch (error) {
        // A file only root may read is simply not among the disk's files.
        if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error
      }
    }
  }
  for (const source of SOURCES.filter((folder) => existsSync(folder))) visit(source)
  return copied
}
