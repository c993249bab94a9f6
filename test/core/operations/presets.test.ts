// Disks made for a place: what QEMU says of them, and what each place is known to ask for.

import { execFileSync } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, readSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { convert } from '../../../core/operations/convert.ts'
import { create } from '../../../core/operations/create.ts'
import { planConvert } from '../../../core/operations/plan-convert.ts'
import { systemParts } from '../../../core/operations/parts.ts'
import { PRESETS } from '../../../core/model/preset.ts'
import { MiB, TiB } from '../../../core/model/units.ts'
import { newestOracle } from '../../helpers/oracles.ts'
import { convertJob, recorded } from '../../helpers/run-operation.ts'
import { SAMPLE_SIZE, sampleDisk } from '../../helpers/sample-disk.ts'
import { scratchFolder } from '../../helpers/scratch.ts'

const parts = systemParts()
const { qemuImg } = newestOracle()

function qemuInfo(path: string, format: string) {
  const text = execFileSync(qemuImg, ['info', '--output=json', '-f', format, path], { encoding: 'utf8' })
  return JSON.parse(text) as {
    readonly 'virtual-size': number
    readonly 'format-specific'?: { readonly data: Readonly<Record<string, unknown>> }
  }
}

describe.each(PRESETS.map((preset) => [preset.title, preset] as const))('for %s', (_, preset) => {
  const { id, format, options, compress, sizeMultiple } = preset

  test('a disk of an odd size is converted to one that fits, and loses nothing', async () => {
    const folder = scratchFolder()
    const size = SAMPLE_SIZE + 3 * 512
    sampleDisk(join(folder, 'disk.img'), size)
    const target = join(folder, `disk.${preset.extension}`)
    const job = convertJob(join(folder, 'disk.img'), target, { format, options, compress, preset: id, verify: true })

    const plan = await planConvert(job, parts)
    await convert(job, recorded().context, parts)

    const fitting = Math.ceil(size / sizeMultiple) * sizeMultiple
    const info = qemuInfo(target, format)
    expect(info['virtual-size']).toBe(fitting)
    const enlarged = { kind: 'enlarged', from: size, to: fitting }
    expect(plan.changes.filter((change) => change.kind === 'enlarged')).toEqual(fitting > size ? [enlarged] : [])
    const words = ['compare', '-f', 'raw', '-F', format, join(folder, 'disk.img'), target]
    expect(execFileSync(qemuImg, words, { encoding: 'utf8' })).toContain('identical')
    const form = format === 'vmdk' ? { 'create-type': options['subformat'] } : {}
    expect(info['format-specific']?.data ?? {}).toMatchObject(form)
  })
})

const LIMITED = PRESETS.filter(({ largest }) => largest < Number.MAX_SAFE_INTEGER)

test.each(LIMITED.map((preset) => [preset.title, preset] as const))(
  '%s: a disk that is too large is refused before anything is written',
  async (title, { id, format, options, extension, largest }) => {
    const folder = scratchFolder()
    const target = join(folder, `disk.${extension}`)
    const job = { kind: 'create', target, format, options, preset: id, virtualSize: largest + TiB } as const
    await expect(create(job, recorded().context, parts)).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining(title),
    })
    expect(existsSync(target)).toBe(false)
  },
)

test('Azure gets a footer behind a whole number of MiB', async () => {
  const folder = scratchFolder()
  writeFileSync(join(folder, 'disk.img'), new Uint8Array(5 * MiB - 512))
  const target = join(folder, 'disk.vhd')
  const options = { subformat: 'fixed', force_size: true }
  const job = convertJob(join(folder, 'disk.img'), target, { format: 'vpc', options, preset: 'azure' })
  await convert(job, recorded().context, parts)
  expect(statSync(target).size).toBe(5 * MiB + 512)
  const cookie = Buffer.alloc(8)
  const descriptor = openSync(target, 'r')
  readSync(descriptor, cookie, 0, 8, 5 * MiB)
  closeSync(descriptor)
  expect(cookie.toString()).toBe('conectix')
})

test.each(['workstation', 'esxi'])(
  'VMware (%s) gets a disk for its SCSI adapter and a hardware version it knows',
  async (id) => {
    const preset = PRESETS.find((one) => one.id === id)
    if (!preset) throw new Error(`there is no ${id}`)
    const folder = scratchFolder()
    sampleDisk(join(folder, 'disk.img'))
    const target = join(folder, 'disk.vmdk')
    const { format, options, compress } = preset
    const job = convertJob(join(folder, 'disk.img'), target, { format, options, compress, preset: preset.id })
    await convert(job, recorded().context, parts)
    const descriptor = readFileSync(target).subarray(0, MiB).toString('latin1')
    expect(descriptor).toContain('ddb.adapterType = "lsilogic"')
    expect(descriptor).toContain('ddb.virtualHWVersion = "10"')
  },
)
