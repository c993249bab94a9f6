// What lies on a disk is told as the tools told it that made it: sfdisk, sgdisk, and those of the file systems.

import { truncateSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openOperations } from '../../core/index.ts'
import type { DiskContents, FileSystemKind } from '../../core/model/contents.ts'
import { GiB, MiB } from '../../core/model/units.ts'
import { gptBytes } from '../helpers/gpt-bytes.ts'
import { dividedDisk, emptyFile, placeBytes, placeInto, tool } from '../helpers/partition-tools.ts'
import { newestOracle } from '../helpers/oracles.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { spindleHere } from '../helpers/spindle.ts'

interface Sample {
  readonly kind: FileSystemKind
  readonly size: number
  readonly make: (file: string) => void
  readonly label?: string
  /** Whether it tells how much of it is in use. */
  readonly tellsUse: boolean
}

const SAMPLES: readonly Sample[] = [
  ...(['ext2', 'ext3', 'ext4'] as const).map((kind) => ({
    kind,
    size: 32 * MiB,
    make: (file: string) => tool('mke2fs', ['-q', '-t', kind, '-L', 'root', file]),
    label: 'root',
    tellsUse: true,
  })),
  {
    kind: 'fat12',
    size: 4 * MiB,
    make: (file) => tool('mkfs.fat', ['-F', '12', '-n', 'FLOPPY', file]),
    label: 'FLOPPY',
    tellsUse: true,
  },
  {
    kind: 'fat16',
    size: 32 * MiB,
    make: (file) => tool('mkfs.fat', ['-F', '16', '-n', 'SIXTEEN', file]),
    label: 'SIXTEEN',
    tellsUse: true,
  },
  {
    kind: 'fat32',
    size: 64 * MiB,
    make: (file) => tool('mkfs.fat', ['-F', '32', '-n', 'EFISYS', file]),
    label: 'EFISYS',
    tellsUse: true,
  },
  {
    kind: 'exfat',
    size: 32 * MiB,
    make: (file) => tool('mkfs.exfat', ['-L', 'Stick', file]),
    label: 'Stick',
    tellsUse: true,
  },
  {
    kind: 'ntfs',
    size: 32 * MiB,
    make: (file) => tool('mkfs.ntfs', ['-q', '-F', '-Q', '-L', 'Données', file]),
    label: 'Données',
    tellsUse: true,
  },
  {
    kind: 'xfs',
    size: 320 * MiB,
    make: (file) => tool('mkfs.xfs', ['-q', '-L', 'archive', file]),
    label: 'archive',
    tellsUse: true,
  },
  {
    kind: 'btrfs',
    size: 128 * MiB,
    make: (file) => tool('mkfs.btrfs', ['-q', '-L', 'pool', file]),
    label: 'pool',
    tellsUse: true,
  },
  {
    kind: 'swap',
    size: 8 * MiB,
    make: (file) => tool('mkswap', ['-q', '-L', 'swap', file]),
    label: 'swap',
    tellsUse: false,
  },
]

function blkid(file: string): { readonly uuid: string; readonly label: string } {
  const words = tool('blkid', ['-p', '-o', 'export', file])
  const valueOf = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(words)?.[1] ?? ''
  return { uuid: valueOf('UUID'), label: valueOf('LABEL') }
}

async function contentsOf(path: string, format?: string): Promise<DiskContents> {
  return openOperations().contents({ path, ...(format !== undefined && { format }) })
}

describe('file systems', () => {
  test.each(SAMPLES)('$kind is recognised, with its label, its id and its size', async (sample) => {
    const file = emptyFile(join(scratchFolder(), 'disk.img'), sample.size)
    sample.make(file)
    const { scheme, fileSystem, smallestSize } = await contentsOf(file, 'raw')
    expect(scheme).toBe('none')
    expect(fileSystem).toMatchObject({ kind: sample.kind, label: sample.label, uuid: blkid(file).uuid })
    const { size = 0, used } = fileSystem ?? {}
    expect(size).toBeGreaterThan(sample.size * 0.95)
    expect(size).toBeLessThanOrEqual(sample.size)
    expect(smallestSize).toBe(size)
    if (!sample.tellsUse) return
    expect(used).toBeGreaterThan(0)
    expect(used).toBeLessThan(size / 2)
  })

  test('what is in use in ext4 is what its own tool counts', async () => {
    const file = emptyFile(join(scratchFolder(), 'disk.img'), 32 * MiB)
    tool('mke2fs', ['-q', '-t', 'ext4', '-b', '1024', '-d', 'core/contents', file])
    const words = tool('dumpe2fs', ['-h', file])
    const count = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)$`, 'm').exec(words)?.[1])
    const { fileSystem } = await contentsOf(file, 'raw')
    expect(fileSystem?.used).toBe((count('Block count') - count('Free blocks')) * 1024)
  })

  test('what NTFS has in use is what its own tool counts', async () => {
    const file = emptyFile(join(scratchFolder(), 'disk.img'), 32 * MiB)
    tool('mkfs.ntfs', ['-q', '-F', '-Q', file])
    const words = tool('ntfsinfo', ['-m', file])
    const count = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(words)?.[1])
    const { fileSystem } = await contentsOf(file, 'raw')
    const free = count('Free Clusters') * 4096
    const { size = 0, used = 0 } = fileSystem ?? {}
    expect(Math.abs(size - used - free)).toBeLessThan(4096)
  })
})

const LINUX = ['label: gpt', 'size=8M, type=U, name="EFI System"', 'size=40M, name=root', 'size=8M, type=S']

describe('partitions', () => {
  test('a GPT as sfdisk writes it, with what lies in its partitions, through a compressed qcow2', async () => {
    const folder = scratchFolder()
    const disk = dividedDisk(join(folder, 'disk.img'), 64 * MiB, LINUX)
    const root = emptyFile(join(folder, 'root.img'), 40 * MiB)
    tool('mke2fs', ['-q', '-t', 'ext4', '-L', 'debian', root])
    placeInto(disk, 9 * MiB, root)
    const image = join(folder, 'disk.qcow2')
    tool(newestOracle().qemuImg, ['convert', '-c', '-O', 'qcow2', '-f', 'raw', disk, image])
    const found = await contentsOf(image)
    expect(found).toMatchObject({
      scheme: 'gpt',
      sectorSize: 512,
      gpt: { primary: 'good', backup: 'good' },
      problems: [],
      smallestSize: 57 * MiB + 33 * 512,
    })
    expect(found.partitions).toMatchObject([
      { index: 1, offset: MiB, length: 8 * MiB, type: 'EFI system', name: 'EFI System' },
      {
        index: 2,
        offset: 9 * MiB,
        length: 40 * MiB,
        type: 'Linux file system',
        name: 'root',
        fileSystem: { kind: 'ext4', label: 'debian', size: 40 * MiB },
      },
      { index: 3, offset: 49 * MiB, length: 8 * MiB, type: 'Linux swap' },
    ])
    const told = JSON.parse(tool('sfdisk', ['--json', disk])) as {
      readonly partitiontable: { readonly id: string; readonly partitions: readonly { readonly uuid: string }[] }
    }
    expect(found.diskId?.toUpperCase()).toBe(told.partitiontable.id)
    expect(found.partitions.map(({ uuid }) => uuid?.toUpperCase())).toEqual(
      told.partitiontable.partitions.map(({ uuid }) => uuid),
    )
  })

  test('a GPT on sectors of 4096 bytes', async () => {
    const path = emptyFile(join(scratchFolder(), 'disk.img'), 64 * MiB)
    const { head, tail } = gptBytes({ diskSize: 64 * MiB, sectorSize: 4096, partitions: [[256, 4351]] })
    placeBytes(path, 0, head)
    placeBytes(path, 64 * MiB - tail.length, tail)
    expect(await contentsOf(path, 'raw')).toMatchObject({
      scheme: 'gpt',
      sectorSize: 4096,
      gpt: { primary: 'good', backup: 'good' },
      partitions: [{ offset: MiB, length: 16 * MiB, type: 'Linux file system' }],
      problems: [],
    })
  })

  test('an MBR with logical partitions inside an extended one', async () => {
    const lines = [
      'label: dos',
      'size=8M, type=7, bootable',
      'size=40M, type=5',
      'disk5: size=8M, type=83',
      'disk6: size=8M, type=82',
    ]
    const path = dividedDisk(join(scratchFolder(), 'disk.img'), 64 * MiB, lines)
    const found = await contentsOf(path, 'raw')
    expect(found).toMatchObject({ scheme: 'mbr', problems: [], smallestSize: 49 * MiB })
    expect(found.partitions).toMatchObject([
      { index: 1, offset: MiB, length: 8 * MiB, type: 'NTFS or exFAT', bootable: true },
      { index: 2, offset: 9 * MiB, length: 40 * MiB, extended: true },
      { index: 5, offset: 10 * MiB, length: 8 * MiB, type: 'Linux file system', logical: true },
      { index: 6, offset: 19 * MiB, length: 8 * MiB, type: 'Linux swap', logical: true },
    ])
    expect(found.diskId).toBe(/0x(\w+)/.exec(tool('sfdisk', ['--disk-id', path]))?.[1])
  })

  test('a FAT file system is no partition table, though its first sector ends like one', async () => {
    const file = emptyFile(join(scratchFolder(), 'disk.img'), 64 * MiB)
    tool('mkfs.fat', ['-F', '32', file])
    expect(await contentsOf(file, 'raw')).toMatchObject({ scheme: 'none', fileSystem: { kind: 'fat32' } })
  })

  test('an empty disk holds nothing, and nothing is made up', async () => {
    const file = emptyFile(join(scratchFolder(), 'disk.img'), GiB)
    const found = await contentsOf(file, 'raw')
    expect(found).toEqual({ diskSize: GiB, scheme: 'none', sectorSize: 512, partitions: [], problems: [] })
  })

  test('after the disk grew, the copy of the GPT lies where the end was, and that is said', async () => {
    const path = dividedDisk(join(scratchFolder(), 'disk.img'), 64 * MiB, LINUX)
    truncateSync(path, 96 * MiB)
    const found = await contentsOf(path, 'raw')
    expect(found).toMatchObject({ gpt: { primary: 'good', backup: 'misplaced' }, partitions: { length: 3 } })
    expect(found.problems).toEqual([expect.stringContaining('lies 32 MiB before it')])
  })

  test('when the first sectors are lost, the copy at the end tells', async () => {
    const path = dividedDisk(join(scratchFolder(), 'disk.img'), 64 * MiB, LINUX)
    const whole = await contentsOf(path, 'raw')
    placeBytes(path, 512, new Uint8Array(33 * 512))
    const damaged = await contentsOf(path, 'raw')
    expect(damaged.partitions).toEqual(whole.partitions)
    expect(damaged.gpt).toEqual({ primary: 'damaged', backup: 'good' })
    expect(damaged.problems).toEqual([expect.stringContaining('at the start of the disk is damaged')])
  })
})

describe('spindle contents', () => {
  test('tells people and programs the same', async () => {
    const path = dividedDisk(join(scratchFolder(), 'disk.img'), 64 * MiB, LINUX)
    const human = await spindleHere('contents', path)
    expect(human.code).toBe(0)
    expect(human.out).toContain('64 MiB, GPT')
    expect(human.out).toContain('EFI system, “EFI System”')
    expect(human.out).toContain(`All of this fits in 57 MiB (${57 * MiB + 33 * 512} bytes)`)
    const json = JSON.parse((await spindleHere('contents', '--output=json', path)).out) as Record<string, unknown>
    expect(json).toMatchObject({ scheme: 'gpt', partitions: [{ start: MiB, length: 8 * MiB }, {}, {}] })
  })
})
