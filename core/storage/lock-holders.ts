// Who has locked a file: what Linux tells of it in /proc.

import { fstatSync, readFileSync, readdirSync } from 'node:fs'
import { basename } from 'node:path'
import type { HolderFacts } from '../model/library.ts'
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
  const process = processes().find((one) => heldBy(one).has(inode))
  if (process === undefined) return undefined
  const { program = '', user, machine } = factsOf(process)
  const facts = [program, `process ${process}`, ...(user === undefined ? [] : [`user ${user}`])]
  const shown = facts.filter((fact) => fact !== '').join(', ')
  return machine === undefined ? `another program (${shown})` : `the virtual machine “${machine}” (${shown})`
}

/** The bytes QEMU sets its marks on. */
const MARKS = { first: 100, last: 203 }

/** Numbers of files on which anyone has set QEMU's marks. Cheap: one file is read. */
export function markedInodes(): ReadonlySet<string> {
  const lines = linesOf('/proc/locks').filter(({ first, last }) => first <= MARKS.last && last >= MARKS.first)
  return new Set(lines.map(({ inode }) => String(inode)))
}

/** Who has locked which of these files. Looks at all programs once; those this one alone has locked are left out. */
export function holdersOf(inodes: ReadonlySet<string>): ReadonlyMap<string, HolderFacts> {
  const holders = new Map<string, HolderFacts>()
  if (inodes.size === 0) return holders
  for (const process of processes()) {
    const held = [...heldBy(process)].map(String).filter((inode) => inodes.has(inode))
    if (held.length === 0) continue
    const facts = factsOf(process)
    // Of several, a machine is the one to name.
    for (const inode of held) if (holders.get(inode)?.machine === undefined) holders.set(inode, facts)
  }
  const ours = heldBy('self')
  for (const inode of inodes) if (!holders.has(inode) && !ours.has(BigInt(inode))) holders.set(inode, {})
  return holders
}

function factsOf(process: string): HolderFacts {
  const words = argumentsOf(process)
  const [program, user, machine] = [basename(words[0] ?? ''), userOf(process), machineOf(words)]
  return {
    process: Number(process),
    ...(program !== '' && { program }),
    ...(user !== undefined && { user }),
    ...(machine !== undefined && { machine }),
  }
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

/** Numbers of the files it has locked. */
function heldBy(process: string): ReadonlySet<bigint> {
  const folder = `/proc/${process}/fdinfo`
  try {
    return new Set(readdirSync(folder).flatMap((name) => linesOf(`${folder}/${name}`).map(({ inode }) => inode)))
  } catch {
    // It has ended, or belongs to someone whose files are not ours to see.
    return new Set()
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

function userOf(process: string): string | undefined {
  const id = /^Uid:\s+(\d+)/m.exec(textOf(`/proc/${process}/status`))?.[1]
  const entry = textOf('/etc/passwd')
    .split('\n')
    .map((line) => line.split(':'))
    .find(([, , user]) => user === id)
  return id === undefined ? undefined : (entry?.[0] ?? id)
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
