// Random histories of images in one format: made by QEMU or by Spindle, worked on by both in turn, judged by both.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { drivers } from '../../core/formats/index.ts'
import { driverOf } from '../../core/image/detect.ts'
import type { CreateSpec } from '../../core/image/driver.ts'
import { fileGate } from '../../core/image/gate.ts'
import type { CheckReport } from '../../core/model/check.ts'
import type { FormatId } from '../../core/model/image.ts'
import { openFile } from '../../core/storage/file.ts'
import { DiskModel, firstDifference, randomStep } from '../helpers/disk-model.ts'
import { fill } from '../helpers/fill.ts'
import { oracles } from '../helpers/oracles.ts'
import { Qemu } from '../helpers/qemu.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { randomFrom } from '../helpers/seeds.ts'
import type { Random } from '../helpers/seeds.ts'
import { descriptions, maps } from './agreement.ts'
import { optionWords } from './design.ts'
import { openImage, spindleContent } from './history.ts'
import { randomBatch } from './work.ts'

export interface FormatDesign {
  readonly format: FormatId
  readonly options: CreateSpec['options']
  /** Bytes. */
  readonly size: number
  /** The unit work is done in. */
  readonly block: number
  /** Its map is that of the file system, which only one of the two looks at, and its format has to be stated. */
  readonly isFlat?: boolean
  /** What lies below, as a raw disk of this many bytes. */
  readonly belowSize?: number
}

const NAME = 'image'
const BELOW = 'below'
const PATTERN = 'pattern'
/** Formats that qemu-img has no check for. */
const WITHOUT_CHECK = new Set<FormatId>(['vpc', 'qcow'])

/** QEMU makes the image and works on it; then Spindle goes on. */
export async function qemuFirst(seed: number, draw: (random: Random) => FormatDesign): Promise<void> {
  const history = start(seed, draw)
  const { design, writer } = history
  const backing = design.belowSize === undefined ? [] : ['-b', BELOW, '-F', 'raw']
  const words = Object.keys(design.options).length > 0 ? optionWords(design.options) : []
  writer.img('create', '-q', '-f', design.format, ...words, ...backing, NAME, String(design.size))
  qemuWork(history)
  await agree(history)
  const model = new DiskModel(design.size, history.below)
  model.bytes.set(history.judge.content(NAME))
  await spindleWork(history, model)
  expect(firstDifference(history.judge.content(NAME), model.bytes)).toBeUndefined()
  await agree(history)
}

/** QEMU makes the image and works on it; Spindle only reads it, in a format it does not write. */
export async function qemuAlone(seed: number, draw: (random: Random) => FormatDesign): Promise<void> {
  const history = start(seed, draw)
  const { design, writer } = history
  const backing = design.belowSize === undefined ? [] : ['-b', BELOW, '-F', 'raw']
  const words = Object.keys(design.options).length > 0 ? optionWords(design.options) : []
  writer.img('create', '-q', '-f', design.format, ...words, ...backing, NAME, String(design.size))
  for (let round = 0; round < 3; round += 1) {
    qemuWork(history)
    await agreeOnContent(history)
    await agreeOnFaults(history)
  }
}

/** Spindle makes the image and works on it; then QEMU goes on, and Spindle once more. */
export async function spindleFirst(seed: number, draw: (random: Random) => FormatDesign): Promise<void> {
  const history = start(seed, draw)
  const { design, judge, random } = history
  const model = new DiskModel(design.size, history.below)
  const spec: CreateSpec = {
    virtualSize: design.size,
    options: design.options,
    ...(design.belowSize !== undefined && { backing: { path: BELOW, format: 'raw' } }),
  }
  {
    await using storage = await openFile(join(judge.folder, NAME), 'create')
    const builder = await driverOf(drivers, design.format).build(storage, spec, fileGate())
    if (random.happens(0.7)) await fill(builder, model, random)
    await builder.finish()
  }
  await agree(history)
  await spindleWork(history, model)
  expect(firstDifference(judge.content(NAME), model.bytes)).toBeUndefined()
  await agree(history)
  qemuWork(history)
  model.bytes.set(judge.content(NAME))
  await agree(history)
  await spindleWork(history, model)
  expect(firstDifference(judge.content(NAME), model.bytes)).toBeUndefined()
}

interface History {
  readonly design: FormatDesign
  readonly random: Random
  readonly writer: Qemu
  readonly judge: Qemu
  readonly below: Uint8Array
}

function start(seed: number, draw: (random: Random) => FormatDesign): History {
  const random = randomFrom(seed)
  const design = draw(random)
  const folder = scratchFolder()
  const [writer, judge] = [0, 1].map(() => new Qemu(random.pick(oracles()), folder, design.format))
  if (!writer || !judge) throw new Error('there is no QEMU')
  writeFileSync(join(folder, PATTERN), random.bytes(1 + random.below(20_000)))
  const below = random.bytes(design.belowSize ?? 0)
  if (design.belowSize !== undefined) writeFileSync(join(folder, BELOW), below)
  return { design, random, writer, judge, below }
}

function qemuWork({ design, writer, random }: History): void {
  const { size, block } = design
  const batch = { size, clusterSize: block, count: 4 + random.below(20), pattern: PATTERN }
  const commands = randomBatch(random, batch)
  if (commands.length > 0) writer.io(NAME, commands)
}

async function spindleWork({ design, judge, random }: History, model: DiskModel): Promise<void> {
  await using disk = await openImage(join(judge.folder, NAME), design.format, 'write')
  const steps = 5 + random.below(25)
  for (let step = 0; step < steps; step += 1) await model.apply(disk, randomStep(random, design.size, design.block))
}

/** Content, map, description and check say the same in both programs, and nothing is wrong. */
async function agree(history: History): Promise<void> {
  const { design, judge } = history
  await agreeOnContent(history)
  const report = await check(history)
  expect(report?.findings ?? []).toEqual([])
  if (WITHOUT_CHECK.has(design.format)) return
  const theirs = judge.totals(NAME)
  expect(theirs).toMatchObject({ corruptions: 0, leaks: 0, checkErrors: 0 })
  // Of some formats QEMU counts nothing.
  if (report && theirs && theirs.totalClusters > 0)
    expect(report.totals).toEqual({ ...theirs, imageEndOffset: report.totals.imageEndOffset })
}

async function agreeOnContent({ design, judge }: History): Promise<void> {
  const path = join(judge.folder, NAME)
  expect(firstDifference(await spindleContent(path, design.format), judge.content(NAME))).toBeUndefined()
  if (design.isFlat === true) return
  const map = await maps(judge, NAME)
  expect(map.ours).toEqual(map.theirs)
  const description = await descriptions(judge, NAME)
  expect(description.ours).toEqual(description.theirs)
}

/** QEMU leaves leaks behind in some formats: both count as many. */
async function agreeOnFaults(history: History): Promise<void> {
  const { design, judge } = history
  if (WITHOUT_CHECK.has(design.format)) return
  const { corruptions, leaks, errors } = judge.check(NAME)
  const ours = (await check(history))?.totals
  expect({ corruptions, leaks, errors }).toEqual({ corruptions: 0, leaks: ours?.leaks, errors: 0 })
  expect(ours).toMatchObject({ corruptions: 0, checkErrors: 0 })
}

async function check({ design, judge }: History): Promise<CheckReport | undefined> {
  await using storage = await openFile(join(judge.folder, NAME), 'read')
  const checker = await driverOf(drivers, design.format).checker?.(storage, fileGate())
  return await checker?.check()
}
