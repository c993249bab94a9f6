// A disk with a file system on it, from every format into every other, judged by QEMU and by 7-Zip.

import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { convert } from '../../core/operations/convert.ts'
import { systemParts } from '../../core/operations/parts.ts'
import type { FormatId } from '../../core/model/image.ts'
import type { OptionValues } from '../../core/model/option.ts'
import { MiB } from '../../core/model/units.ts'
import { newestOracle } from '../helpers/oracles.ts'
import { realDisk } from '../helpers/real-disk.ts'
import { convertJob, recorded } from '../helpers/run-operation.ts'
import { scratchFolder, sharedFolder } from '../helpers/scratch.ts'
import { SYSTEM_PYTHON } from '../helpers/system.ts'

interface Kind {
  readonly name: string
  readonly format: FormatId
  readonly options: OptionValues
  readonly compress?: boolean
  /** What 7-Zip calls it, where it has a reader for it. */
  readonly sevenZip?: string
}

const vmdk = (subformat: string, more: Partial<Kind> = {}): Kind => ({
  name: `VMDK ${subformat}`,
  format: 'vmdk',
  options: { subformat },
  ...more,
})

const KINDS: readonly Kind[] = [
  { name: 'raw', format: 'raw', options: {} },
  { name: 'QCOW2', format: 'qcow2', options: {}, sevenZip: 'qcow' },
  { name: 'QCOW2 packed', format: 'qcow2', options: {}, compress: true, sevenZip: 'qcow' },
  { name: 'QED', format: 'qed', options: {} },
  { name: 'VDI', format: 'vdi', options: {}, sevenZip: 'vdi' },
  { name: 'VDI fixed', format: 'vdi', options: { static: true }, sevenZip: 'vdi' },
  vmdk('monolithicSparse', { sevenZip: 'vmdk' }),
  vmdk('monolithicFlat'),
  vmdk('twoGbMaxExtentSparse'),
  vmdk('twoGbMaxExtentFlat'),
  vmdk('streamOptimized', { compress: true, sevenZip: 'vmdk' }),
  { name: 'VHD dynamic', format: 'vpc', options: { subformat: 'dynamic' }, sevenZip: 'vhd' },
  { name: 'VHD fixed', format: 'vpc', options: { subformat: 'fixed' }, sevenZip: 'vhd' },
  { name: 'VHDX dynamic', format: 'vhdx', options: { subformat: 'dynamic' }, sevenZip: 'vhdx' },
  { name: 'VHDX fixed', format: 'vhdx', options: { subformat: 'fixed' }, sevenZip: 'vhdx' },
]

/** Formats qemu-img has a check for. */
const CHECKED = new Set<FormatId>(['qcow2', 'qed', 'vdi', 'vmdk', 'vhdx'])

const { qemuImg } = newestOracle()
const parts = systemParts()
const folder = sharedFolder()
const disk = realDisk(6 * MiB, 12 * MiB)
const content = createHash('sha256').update(readFileSync(disk)).digest('hex')

const fileOf = (kind: Kind): string => `${kind.name.replaceAll(' ', '-')}.${kind.format}`

function qemu(...words: string[]): string {
  return execFileSync(qemuImg, words, { encoding: 'utf8' })
}

async function make(kind: Kind, source: string, sourceFormat: FormatId, target: string): Promise<void> {
  const { format, options, compress = false } = kind
  await convert(convertJob(source, target, { sourceFormat, format, options, compress }), recorded().context, parts)
}

/** What QEMU has to say against this being the disk: nothing, when all is well. */
function objections(kind: Kind, path: string): readonly string[] {
  const words = [['compare', '-q', '-f', 'raw', '-F', kind.format, disk, path]]
  if (CHECKED.has(kind.format)) words.push(['check', '-q', '-f', kind.format, path])
  return words.flatMap((one) => {
    const { status, stdout, stderr } = spawnSync(qemuImg, one, { encoding: 'utf8' })
    return status === 0 && stderr === '' ? [] : [`${one[0]}: ${status} ${stdout}${stderr}`]
  })
}

beforeAll(async () => {
  for (const kind of KINDS) await make(kind, disk, 'raw', join(folder, fileOf(kind)))
})

describe.each(KINDS.map((kind) => [kind.name, kind] as const))('%s', (_, kind) => {
  test('holds the disk in the eyes of QEMU', () => {
    expect(objections(kind, join(folder, fileOf(kind)))).toEqual([])
  })

  test.each(KINDS.map((other) => [other.name, other] as const))('becomes %s', async (_name, other) => {
    const scratch = scratchFolder()
    const target = join(scratch, `copy.${other.format}`)
    await make(other, join(folder, fileOf(kind)), kind.format, target)
    expect(objections(other, target)).toEqual([])
    rmSync(scratch, { recursive: true })
  })

  test('made by qemu-img, it is read the same', async () => {
    const scratch = scratchFolder()
    const path = join(scratch, `theirs.${kind.format}`)
    const size = kind.format === 'vpc' ? ['force_size=on'] : []
    const own = Object.entries(kind.options).map(([name, value]) => `${name}=${value === true ? 'on' : String(value)}`)
    const words = [...own, ...size].join(',')
    const packs = kind.compress === true ? ['-c'] : []
    qemu('convert', '-f', 'raw', '-O', kind.format, ...packs, ...(words === '' ? [] : ['-o', words]), disk, path)
    const copy = join(scratch, 'copy.img')
    await make({ name: 'raw', format: 'raw', options: {} }, path, kind.format, copy)
    expect(createHash('sha256').update(readFileSync(copy)).digest('hex')).toBe(content)
  })
})

/** What libvmdk and libvhdi read: size and hash. */
const READ = `
import hashlib, sys
def opened(module, path):
    if module == 'pyvmdk':
        import pyvmdk
        disk = pyvmdk.handle()
        disk.open(path)
        disk.open_extent_data_files()
    else:
        import pyvhdi
        disk = pyvhdi.file()
        disk.open(path)
    return disk
disk = opened(sys.argv[1], sys.argv[2])
left, digest = disk.get_media_size(), hashlib.sha256()
while left > 0:
    data = disk.read_buffer(min(left, 1 << 20))
    left -= len(data)
    digest.update(data)
print(disk.get_media_size(), digest.hexdigest())
`
const READERS: Partial<Record<FormatId, readonly [name: string, module: string]>> = {
  vmdk: ['libvmdk', 'pyvmdk'],
  vpc: ['libvhdi', 'pyvhdi'],
  vhdx: ['libvhdi', 'pyvhdi'],
}

describe.each(
  KINDS.flatMap((kind) => {
    const reader = READERS[kind.format]
    return reader ? [[kind.name, ...reader, kind] as const] : []
  }),
)('%s', (_name, reader, module, kind) => {
  test(`holds the disk in the eyes of ${reader}`, () => {
    const words = ['-c', READ, module, join(folder, fileOf(kind))]
    expect(execFileSync(SYSTEM_PYTHON, words, { encoding: 'utf8' })).toBe(`${12 * MiB} ${content}\n`)
  })
})

describe('7-Zip reads the same disk', () => {
  const program = ['7z', '7zz'].find((name) => spawnSync(name, ['i'], { stdio: 'ignore' }).status === 0)
  const readable = KINDS.flatMap((kind) =>
    kind.sevenZip === undefined ? [] : [[kind.name, kind, kind.sevenZip] as const],
  )
  test.each(readable)('from %s', (_name, kind, type) => {
    if (program === undefined) throw new Error('There is no 7-Zip: run `npm test` once, or install 7zip.')
    const words = ['e', '-so', `-t${type}`, join(folder, fileOf(kind))]
    const { stdout, status } = spawnSync(program, words, { maxBuffer: 64 * MiB })
    expect(status).toBe(0)
    const found = createHash('sha256')
      .update(stdout.subarray(0, 12 * MiB))
      .digest('hex')
    expect(found).toBe(content)
    expect(stdout.subarray(12 * MiB).every((byte) => byte === 0)).toBe(true)
  })
})
