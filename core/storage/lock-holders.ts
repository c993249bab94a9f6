// Who has locked a file: what Linux tells of it in /proc.

import { fstatSync, readFileSync, readdirSync } from 'node:fs'
import { basename } from 'node:path'
import { libc } from './libc.ts'
import type { Storage } from './storage.ts'

/** Whether a program that is not this opening of the file has locked this byte of it. Needs no system call of ours. */
export function isMarkedByOthers({ descriptor }: Storage, byte: number): boolean {
  if (descriptor === undefined) return false
  const inode = fstatSync(descriptor, { bigint: true }).ino
  const lines = linesOf('/proc/locks')
  if (!lines.some((line) => line.inode === inode && line.first <= byte && line.last >= byte)) return false
  // Two file systems may have the same number, and some show another device than the file has: the kernel decides.
  return libc()?.isLocked(descriptor, byte, 1) ?? true
}

/** As in “the virtual machine “web1” (qemu-system-x86_64, process 812, user libvirt-qemu)”. */
export function holderText({ descriptor }: Storage): string | undefined {
  if (descriptor === undefined) return undefined
  const inode = fstatSync(descriptor, { bigint: true }).ino
  for (const process of processes()) {
    if (!holdsLock(process, inode)) continue
    const program = basename(argumentsOf(process)[0] ?? '')
    const facts = [program, `process ${process}`, ...userOf(process)].filter((fact) => fact !== '').join(', ')
    const machine = machineOf(argumentsOf(process))
    return machine === undefined ? `another program (${facts})` : `the virtual machine “${machine}” (${facts})`
  }
  return undefined
}

interface LockLine {
  readonly inode: bigint
  readonly first: number
  readonly last: number
}

/** `1: OFDLCK ADVISORY READ -1 fe:00:2197772 100 101`, also behind `lock:`. */
const LOCK_LINE = /(?:READ|WRITE)\s+-?\d+\s+[0-9a-f]+:[0-9a-f]+:(\d+)\s+(\d+)\s+(\d+|EOF)/

function linesOf(path: string): readonly LockLine[] {
  return textOf(path)
    .split('\n')
    .flatMap((line) => {
      const [, inode, first, last] = LOCK_LINE.exec(line) ?? []
      if (inode === undefined) return []
      return [{ inode: BigInt(inode), first: Number(first), last: last === 'EOF' ? Infinity : Number(last) }]
    })
}

function processes(): readonly string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
  } catch {
    return []
  }
}

function holdsLock(process: string, inode: bigint): boolean {
  const folder = `/proc/${process}/fdinfo`
  try {
    return readdirSync(folder).some((name) => linesOf(`${folder}/${name}`).some((line) => line.inode === inode))
  } catch {
    // It has ended, or belongs to someone whose files are not ours to see.
    return false
  }
}

function argumentsOf(process: string): readonly string[] {
  return textOf(`/proc/${process}/cmdline`).split('\0')
}

/** QEMU's `-name web1`, or as libvirt writes it, `-name guest=web1,debug-threads=on`. */
function machineOf(words: readonly string[]): string | undefined {
  const name = words[words.indexOf('-name') + 1]
  if (!words.includes('-name') || name === undefined) return undefined
  return /(?:^|,)guest=([^,]*)/.exec(name)?.[1] ?? name.split(',')[0]
}

function userOf(process: string): readonly string[] {
  const id = /^Uid:\s+(\d+)/m.exec(textOf(`/proc/${process}/status`))?.[1]
  if (id === undefined) return []
  const entry = textOf('/etc/passwd')
    .split('\n')
    .map((line) => line.split(':'))
    .find(([, , user]) => user === id)
  return [`user ${entry?.[0] ?? id}`]
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
