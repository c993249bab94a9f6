// What the tests need from the machine: found, installed where that is allowed, or named with the command to run.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { CACHE, NEW_QEMU } from './oracles.ts'

interface Need {
  /** Any one of these commands, or modules of the system's Python, will do. */
  readonly commands: readonly string[]
  readonly modules?: true
  /** Debian's package for the first of them. */
  readonly debian: string
  readonly why: string
}

/** The one that Debian's packages bring modules for, whichever may come first on the path. */
export const SYSTEM_PYTHON = '/usr/bin/python3'

const NEEDS: readonly Need[] = [
  { commands: ['chromium', 'chromium-browser', 'google-chrome'], debian: 'chromium', why: 'the window under test' },
  { commands: ['qemu-img'], debian: 'qemu-utils', why: 'the judge of our images' },
  { commands: ['qemu-io'], debian: 'qemu-utils', why: 'the other writer of images' },
  { commands: ['qemu-system-x86_64'], debian: 'qemu-system-x86', why: 'a virtual machine that has a disk open' },
  { commands: ['xvfb-run'], debian: 'xvfb', why: 'a display for the window' },
  { commands: ['xauth'], debian: 'xauth', why: 'xvfb-run' },
  { commands: ['xwininfo'], debian: 'x11-utils', why: 'finding the window' },
  { commands: ['mke2fs'], debian: 'e2fsprogs', why: 'disks with a real file system' },
  { commands: ['sfdisk'], debian: 'fdisk', why: 'disks with partitions' },
  { commands: ['sgdisk'], debian: 'gdisk', why: 'a second judge of partition tables' },
  { commands: ['mkfs.fat'], debian: 'dosfstools', why: 'FAT to be recognised' },
  { commands: ['mkfs.xfs'], debian: 'xfsprogs', why: 'XFS to be recognised' },
  { commands: ['mkfs.btrfs'], debian: 'btrfs-progs', why: 'Btrfs to be recognised' },
  { commands: ['mkfs.ntfs'], debian: 'ntfs-3g', why: 'NTFS to be recognised' },
  { commands: ['mkfs.exfat'], debian: 'exfatprogs', why: 'exFAT to be recognised' },
  { commands: ['setpriv'], debian: 'util-linux', why: 'running as a user without rights' },
  { commands: ['xz'], debian: 'xz-utils', why: 'packed images' },
  { commands: ['zstd'], debian: 'zstd', why: 'packed images' },
  { commands: ['7z', '7zz'], debian: '7zip', why: 'a second judge of our images' },
  { commands: ['cryptsetup'], debian: 'cryptsetup-bin', why: 'a second judge of encrypted images' },
  { commands: ['pyvmdk'], modules: true, debian: 'python3-libvmdk', why: 'a third judge of VMDK images' },
  { commands: ['pyvhdi'], modules: true, debian: 'python3-libvhdi', why: 'a third judge of VHD and VHDX images' },
  { commands: ['zsh'], debian: 'zsh', why: 'completion in zsh' },
  { commands: ['fish'], debian: 'fish', why: 'completion in fish' },
  { commands: ['git'], debian: 'git', why: 'the fresh clone' },
]

/** Installs what is missing when it may. Returns what is still missing, as sentences; empty when all is there. */
export function prepareSystem(say: (line: string) => void): readonly string[] {
  const missing = NEEDS.filter((need) => !isMet(need))
  if (missing.length > 0) install([...new Set(missing.map((need) => need.debian))], say)
  const problems = NEEDS.filter((need) => !isMet(need)).map(
    (need) => `${need.commands.join(' or ')} is missing (${need.why}). Install it: sudo apt-get install ${need.debian}`,
  )
  if (isBookworm() && !existsSync(join(NEW_QEMU, 'usr/bin/qemu-img'))) {
    const problem = fetchNewQemu(say)
    if (problem !== undefined) problems.push(problem)
  }
  return problems
}

function install(packages: readonly string[], say: (line: string) => void): void {
  const root = process.getuid?.() === 0
  const apt = onPath('apt-get')
  const sudo = !root && apt && run('sudo', ['-n', 'true']).status === 0
  if (!apt || (!root && !sudo)) return
  say(`Installing ${packages.join(' ')} …`)
  const prefix = sudo ? ['sudo', '-n'] : []
  const environment = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get']
  const [command = '', ...head] = [...prefix, ...environment]
  spawnSync(command, [...head, 'update', '-qq'], { stdio: 'ignore' })
  const result = spawnSync(command, [...head, 'install', '-y', '-qq', '--no-install-recommends', ...packages], {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  if (result.status !== 0) say(`apt-get failed: ${result.stderr.trim().split('\n').at(-1) ?? ''}`)
}

/**
 * Debian 12 has QEMU 7.2; 10.0 comes from its backports, unpacked into the cache so that the machine stays as it is.
 * apt works on lists of its own here, so this needs no rights and changes no sources.
 */
function fetchNewQemu(say: (line: string) => void): string | undefined {
  say('Fetching QEMU 10 from Debian 12’s backports …')
  const work = join(CACHE, 'apt')
  rmSync(work, { recursive: true, force: true })
  for (const folder of ['lists/partial', 'archives/partial', 'debs']) mkdirSync(join(work, folder), { recursive: true })
  const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg'
  writeFileSync(
    join(work, 'sources.list'),
    `deb [signed-by=${keyring}] http://deb.debian.org/debian bookworm-backports main\n`,
  )
  const options = [
    `Dir::Etc::sourcelist=${join(work, 'sources.list')}`,
    'Dir::Etc::sourceparts=-',
    `Dir::State::lists=${join(work, 'lists')}`,
    `Dir::Cache=${work}`,
    'APT::Sandbox::User=',
  ].flatMap((option) => ['-o', option])
  const updated = spawnSync('apt-get', [...options, 'update', '-qq'], { encoding: 'utf8' })
  const got = spawnSync('apt-get', [...options, 'download', '-qq', 'qemu-utils/bookworm-backports'], {
    encoding: 'utf8',
    cwd: join(work, 'debs'),
  })
  const deb = readdirSync(join(work, 'debs')).find((name) => name.endsWith('.deb'))
  if (deb === undefined) {
    const reason = `${updated.stderr}${got.stderr}`.trim().split('\n').at(-1) ?? ''
    return `QEMU 10 could not be fetched from bookworm-backports (${reason}). The interop tests need both versions.`
  }
  const unpacked = join(work, 'unpacked')
  spawnSync('dpkg-deb', ['-x', join(work, 'debs', deb), unpacked])
  renameSync(unpacked, NEW_QEMU)
  rmSync(work, { recursive: true, force: true })
  const check = run(join(NEW_QEMU, 'usr/bin/qemu-img'), ['--version'])
  return check.status === 0 ? undefined : `QEMU 10 was fetched but does not start: ${check.stderr.trim()}`
}

function isMet({ commands, modules }: Need): boolean {
  if (modules === true) return commands.some((name) => run(SYSTEM_PYTHON, ['-c', `import ${name}`]).status === 0)
  return commands.some(onPath)
}

function isBookworm(): boolean {
  return existsSync('/etc/os-release') && /^VERSION_CODENAME=bookworm$/m.test(readFileSync('/etc/os-release', 'utf8'))
}

function onPath(command: string): boolean {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .some((folder) => folder !== '' && existsSync(join(folder, command)))
}

function run(command: string, args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const result = spawnSync(command, args, { encoding: 'utf8' })
  return { status: result.status, stdout: result.stdout ?? '', stderr: result.stderr ?? '' }
}
