// Making the images of a history: by QEMU or by Spindle, with the files below them made by QEMU.

import { closeSync, copyFileSync, ftruncateSync, openSync, writeSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { qcow2Driver } from '../../core/formats/qcow2/driver.ts'
import { openDisk } from '../../core/image/chain.ts'
import type { Access, CreateSpec } from '../../core/image/driver.ts'
import { fileGate } from '../../core/image/gate.ts'
import type { VirtualDisk } from '../../core/image/virtual-disk.ts'
import { drivers } from '../../core/formats/index.ts'
import { MiB } from '../../core/model/units.ts'
import { openFile } from '../../core/storage/file.ts'
import { DiskModel, randomRange, randomStep } from '../helpers/disk-model.ts'
import { fill } from '../helpers/fill.ts'
import type { Qemu } from '../helpers/qemu.ts'
import type { Random } from '../helpers/seeds.ts'
import { optionWords } from './design.ts'
import type { Base, Design } from './design.ts'
import { randomBatch } from './work.ts'

/** The name of every history's image, in its folder. */
export const DISK = 'disk.qcow2'
const PATTERN = 'pattern'

/** Creates what lies below, bottom first. */
export function makeChain(qemu: Qemu, design: Design, random: Random): void {
  writeFileSync(join(qemu.folder, PATTERN), random.bytes(1 + random.below(20_000)))
  let below: Base | undefined
  for (const base of design.chain.toReversed()) {
    if (base.format === 'raw') makeRaw(join(qemu.folder, base.name), base.size, random)
    else makeBase(qemu, base, below, random)
    below = base
  }
}

/** A raw disk that is below nothing yet, much like what is or could be below. */
export function makeSpare(folder: string, { chain, size }: Design, random: Random): void {
  const path = join(folder, 'spare')
  const bottom = chain.at(-1)
  if (bottom?.format === 'raw' && random.happens(0.7)) {
    copyFileSync(join(folder, bottom.name), path)
    const file = openSync(path, 'r+')
    const { offset, length } = randomRange(random, Math.max(bottom.size, 1), 65_536)
    writeSync(file, random.bytes(length), 0, length, offset)
    closeSync(file)
  } else makeRaw(path, random.pick([size, size + MiB, 512 * Math.ceil(size / 1536)]), random)
}

export function qemuCreate(qemu: Qemu, design: Design): void {
  const [below] = design.chain
  const backing = below ? ['-b', below.name, '-F', below.format] : []
  qemu.img('create', '-q', '-f', 'qcow2', ...optionWords(design.options), ...backing, DISK, String(design.size))
}

export function qemuWork(qemu: Qemu, design: Design, random: Random, untouched?: Set<number>): void {
  const { size, clusterSize } = design
  const batch = { size, clusterSize, count: 8 + random.below(24), pattern: PATTERN, ...(untouched && { untouched }) }
  const commands = randomBatch(random, batch)
  if (commands.length > 0) qemu.io(DISK, commands)
}

/** Builds the image with Spindle, some of it filled on the way; returns what it must read as. */
export async function spindleCreate(folder: string, design: Design, random: Random): Promise<DiskModel> {
  const [below] = design.chain
  const spec: CreateSpec = {
    virtualSize: design.size,
    options: design.options,
    compress: design.compress,
    ...(below && { backing: { path: below.name, format: below.format } }),
  }
  await using storage = await openFile(join(folder, DISK), 'create')
  const builder = await qcow2Driver.build(storage, spec, fileGate())
  const model = new DiskModel(design.size, below && (await spindleContent(join(folder, below.name), below.format)))
  if (random.happens(0.7)) await fill(builder, model, random)
  await builder.finish()
  await builder.storage.close()
  return model
}

export async function spindleWork(folder: string, model: DiskModel, design: Design, random: Random): Promise<void> {
  await using disk = await openImage(join(folder, DISK), 'qcow2', 'write')
  const steps = 10 + random.below(30)
  for (let step = 0; step < steps; step += 1) {
    await model.apply(disk, randomStep(random, design.size, design.clusterSize))
  }
}

export async function spindleContent(path: string, format: string): Promise<Uint8Array> {
  await using disk = await openImage(path, format, 'read')
  const content = new Uint8Array(disk.size)
  await disk.read(0, content)
  return content
}

export async function openImage(path: string, format: string, access: Access): Promise<VirtualDisk> {
  return openDisk(await openFile(path, access), { drivers, gate: fileGate(), format, access })
}

function makeRaw(path: string, size: number, random: Random): void {
  const file = openSync(path, 'w')
  ftruncateSync(file, size)
  for (let count = random.below(8); count > 0; count -= 1) {
    const { offset, length } = randomRange(random, size, 65_536)
    writeSync(file, random.bytes(length), 0, length, offset)
  }
  closeSync(file)
}

function makeBase(qemu: Qemu, base: Base, below: Base | undefined, random: Random): void {
  const backing = below ? ['-b', below.name, '-F', below.format] : []
  const clusterSize = random.pick([4096, 65_536])
  const options = ['-o', `cluster_size=${clusterSize}`]
  qemu.img('create', '-q', '-f', 'qcow2', ...options, ...backing, base.name, String(base.size))
  const commands = randomBatch(random, { size: base.size, clusterSize, count: 8, pattern: PATTERN })
  if (commands.length > 0) qemu.io(base.name, commands)
}
