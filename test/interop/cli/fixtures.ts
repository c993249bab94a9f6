// Small images of every kind, made once by qemu-img, for the command lines of the table.

import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MiB } from '../../../core/model/units.ts'
import type { Oracle } from '../../helpers/oracles.ts'

/** What an image lies on. */
const NEEDS: Readonly<Record<string, readonly string[]>> = {
  'top.qcow2': ['base.qcow2'],
  'leaf.qcow2': ['top.qcow2'],
  'on-raw.qcow2': ['disk.img'],
  'orphan.qcow2': [],
}

export const FIXTURES = [
  'disk.img',
  'other.img',
  'short.img',
  'odd.img',
  'empty.img',
  'key',
  'wrong-key',
  'base.qcow2',
  'top.qcow2',
  'leaf.qcow2',
  'on-raw.qcow2',
  'orphan.qcow2',
  'packed.qcow2',
  'torn.qcow2',
  'old.qcow2',
  'snaps.qcow2',
  'maps.qcow2',
  'torn-map.qcow2',
  'leaky.qcow2',
  'corrupt.qcow2',
  'locked.qcow2',
  'locked.luks',
  'disk.vdi',
  'disk.vmdk',
  'disk.vpc',
  'disk.vhdx',
  'disk.qed',
  'disk.parallels',
] as const

/** All a command line needs of them: what its words name, and what that lies on. */
export function fixturesIn(words: readonly string[]): readonly string[] {
  const named = FIXTURES.filter((name) => words.some((word) => word.includes(name)))
  const found = new Set<string>()
  const add = (name: string): void => {
    found.add(name)
    for (const below of NEEDS[name] ?? []) add(below)
  }
  for (const name of named) add(name)
  return [...found]
}

export function copyFixtures(from: string, to: string, names: readonly string[]): void {
  for (const name of names) copyFileSync(join(from, name), join(to, name))
}

export function makeFixtures(folder: string, { qemuImg, qemuIo }: Oracle): void {
  mkdirSync(folder, { recursive: true })
  const run = (command: string, words: readonly string[]): void => {
    const { status, stderr, stdout } = spawnSync(command, words, { cwd: folder, encoding: 'utf8' })
    if (status !== 0) throw new Error(`${command} ${words.join(' ')}: ${stdout}${stderr}`)
  }
  const img = (line: string): void => run(qemuImg, line.split(' '))
  const io = (name: string, ...commands: readonly string[]): void =>
    run(qemuIo, [...commands.flatMap((one) => ['-c', one]), '-f', name.endsWith('.img') ? 'raw' : 'qcow2', name])
  writeFileSync(join(folder, 'key'), 'sesame')
  writeFileSync(join(folder, 'wrong-key'), 'sesam')
  writeFileSync(join(folder, 'empty.img'), '')
  writeFileSync(join(folder, 'odd.img'), Buffer.alloc(MiB + 100, 'odd'))
  img('create -q -f raw disk.img 4M')
  io('disk.img', 'write -P 1 0 64k', 'write -P 2 1M 192k', 'write -P 3 4000k 96k')
  img('convert disk.img other.img')
  io('other.img', 'write -P 9 2M 4k')
  img('create -q -f raw short.img 1M')
  io('short.img', 'write -P 1 0 64k')
  img('convert -O qcow2 disk.img base.qcow2')
  img('create -q -f qcow2 -b base.qcow2 -F qcow2 top.qcow2')
  io('top.qcow2', 'write -P 4 128k 128k', 'write -z 1M 64k')
  img('create -q -f qcow2 -b top.qcow2 -F qcow2 leaf.qcow2')
  io('leaf.qcow2', 'write -P 5 2M 64k')
  img('create -q -f qcow2 -b disk.img -F raw on-raw.qcow2')
  io('on-raw.qcow2', 'write -P 6 3M 64k')
  img('create -q -f qcow2 -u -b gone.img -F raw orphan.qcow2 4M')
  img('convert -c -O qcow2 disk.img packed.qcow2')
  // What was packed is no longer what its reader understands.
  copyFileSync(join(folder, 'packed.qcow2'), join(folder, 'torn.qcow2'))
  spawnSync(qemuIo, ['-f', 'raw', '-c', 'write -P 0xff 320k 1k', 'torn.qcow2'], { cwd: folder })
  img('create -q -f qcow2 -o compat=0.10 old.qcow2 4M')
  io('old.qcow2', 'write -P 7 0 64k')
  img('convert -O qcow2 disk.img snaps.qcow2')
  img('snapshot -c one snaps.qcow2')
  io('snaps.qcow2', 'write -P 8 64k 64k')
  img('snapshot -c two snaps.qcow2')
  io('snaps.qcow2', 'write -P 9 64k 64k')
  img('convert -O qcow2 disk.img maps.qcow2')
  img('bitmap --add maps.qcow2 first')
  img('bitmap --add --disable -g 128k maps.qcow2 second')
  io('maps.qcow2', 'write -P 8 2M 64k')
  copyFileSync(join(folder, 'maps.qcow2'), join(folder, 'torn-map.qcow2'))
  // Whoever has it open when it dies leaves the bitmap marked as being changed.
  spawnSync(qemuIo, ['-f', 'qcow2', '-c', 'write 0 64k', '-c', 'sigraise 9', 'torn-map.qcow2'], { cwd: folder })
  for (const name of ['leaky.qcow2', 'corrupt.qcow2']) img(`convert -O qcow2 disk.img ${name}`)
  // The entry of the first cluster in the second-level table, and the count of one that is used.
  spawnSync(qemuIo, ['-f', 'raw', '-c', 'write -P 0 256k 8', 'leaky.qcow2'], { cwd: folder })
  spawnSync(qemuIo, ['-f', 'raw', '-c', 'write -P 0 131082 2', 'corrupt.qcow2'], { cwd: folder })
  const secret = '--object secret,id=s,file=key'
  img(`create -q ${secret} -f luks -o key-secret=s,iter-time=10 locked.luks 1M`)
  img(`create -q ${secret} -f qcow2 -o encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10 locked.qcow2 1M`)
  for (const format of ['vdi', 'vmdk', 'vpc', 'vhdx', 'qed', 'parallels']) {
    img(`convert -O ${format} disk.img disk.${format}`)
  }
}
