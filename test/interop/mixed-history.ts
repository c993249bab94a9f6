// A history of one image in two folders: every step is done in both, by Spindle in one and by QEMU in the other, and then
// both must hold the same. One of the two outcomes, at random, is where the next step starts from.

import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect as inWords, isDeepStrictEqual } from 'node:util'
import { check } from '../../core/operations/check.ts'
import { openSource, systemParts } from '../../core/operations/parts.ts'
import { firstDifference } from '../helpers/disk-model.ts'
import { oracles } from '../helpers/oracles.ts'
import { judgement } from '../helpers/judgement.ts'
import { Qemu } from '../helpers/qemu.ts'
import { recorded } from '../helpers/run-operation.ts'
import type { Random } from '../helpers/seeds.ts'
import { descriptionAlone, descriptions, maps, sectorStates } from './agreement.ts'
import type { Design } from './design.ts'
import { DISK, makeChain, makeSpare, qemuCreate, spindleCreate } from './history.ts'
import { qemuHand, spindleHand } from './mixed-hands.ts'
import type { Hand } from './mixed-hands.ts'
import { randomMixedStep } from './mixed-steps.ts'
import type { Below, MixedStep, Situation } from './mixed-steps.ts'
import { areLaidOutAlike, forgiven, handsFor, layoutDifference } from './mixed-traps.ts'

interface Frozen {
  readonly id: string
  readonly name: string
  readonly bytes: Uint8Array
}

interface Side {
  readonly folder: string
  readonly hand: Hand
}

export class MixedHistory {
  readonly #random: Random
  #design: Design
  readonly #ours: string
  readonly #theirs: string
  #bytes: Uint8Array = new Uint8Array(0)
  #chain: readonly Below[]
  #snapshots: readonly Frozen[] = []
  #bitmaps: readonly string[] = []
  #bases: readonly (readonly Below[])[]
  #count = 0
  /** Whether QEMU's disk is another one than it should be, for a reason that is known. */
  #hasForgiven = false

  private constructor(random: Random, design: Design, folder: string) {
    this.#random = random
    this.#design = design
    this.#ours = join(folder, 'ours')
    this.#theirs = join(folder, 'theirs')
    this.#chain = design.chain
    const tails = design.chain.map((_, index) => design.chain.slice(index))
    this.#bases = [[], ...tails, [{ name: 'spare', format: 'raw' }]]
  }

  /** By either of the two, with the files below it. */
  static async begin(random: Random, design: Design, folder: string): Promise<MixedHistory> {
    const history = new MixedHistory(random, design, folder)
    mkdirSync(history.#ours)
    const qemu = history.#qemu(history.#ours)
    makeChain(qemu, design, random)
    makeSpare(history.#ours, design, random)
    if (random.happens(0.5)) qemuCreate(qemu, design)
    else await spindleCreate(history.#ours, design, random)
    history.#bytes = await readDisk(history.#ours)
    history.#copy(history.#ours, history.#theirs)
    return history
  }

  /** One step on both sides. Returns what was done, in words, and what is wrong now. */
  async step(): Promise<{ readonly what: string; readonly wrong: string | undefined }> {
    this.#count += 1
    const situation = await this.#situation()
    const step = randomMixedStep(this.#random, situation)
    const sides = this.#sides(step, situation)
    const id = ('name' in step && this.#snapshots.find(({ name }) => name === step.name)?.id) || ''
    const what = `${JSON.stringify(step, shortened)} by ${sides.map(({ hand }) => hand.name).join(' and ')}`
    for (const { hand } of sides) await hand.do(step, id)
    const wrong = await this.#settle(step, situation, sides)
    if (wrong === undefined) {
      const isTheirTurn = this.#random.happens(0.5) && !this.#hasForgiven
      const [from, to] = isTheirTurn ? [this.#theirs, this.#ours] : [this.#ours, this.#theirs]
      this.#copy(from, to)
    }
    return { what, wrong }
  }

  async #situation(): Promise<Situation> {
    return {
      empty: await emptyClusters(this.#ours, this.#design.clusterSize),
      design: this.#design,
      size: this.#bytes.length,
      chain: this.#chain,
      snapshots: this.#snapshots.map(({ name }) => name),
      bitmaps: this.#bitmaps,
      bases: this.#bases,
      count: this.#count,
    }
  }

  #sides(step: MixedStep, situation: Situation): readonly [Side, Side] {
    const hands = handsFor(step, situation)
    const side = (folder: string, isSpindle: boolean): Side => {
      const sizes = { size: this.#bytes.length, clusterSize: this.#design.clusterSize }
      return { folder, hand: isSpindle ? spindleHand(folder) : qemuHand(this.#qemu(folder), sizes) }
    }
    return [side(this.#ours, hands !== 'qemu'), side(this.#theirs, hands === 'spindle')]
  }

  async #settle(step: MixedStep, before: Situation, sides: readonly [Side, Side]): Promise<string | undefined> {
    for (const [index, side] of sides.entries()) {
      // What QEMU has made of it is looked at less often, for the time it takes.
      if (index > 0 && this.#random.happens(0.65)) continue
      const problem = await this.#unsound(side)
      if (problem !== undefined) return `after ${side.hand.name}: ${problem}`
    }
    const [ours, theirs] = [await readDisk(this.#ours), await readDisk(this.#theirs)]
    const hidden = forgiven(step, before, ours, theirs)
    this.#hasForgiven = hidden !== theirs && firstDifference(theirs, ours) !== undefined
    const different = firstDifference(hidden, ours)
    if (different !== undefined) return `the disks differ: ${different}`
    const unlike = this.#unlikeWhatItWas(step, ours)
    if (unlike !== undefined) return unlike
    this.#become(step, ours)
    return (await this.#snapshotsDiffer(step)) ?? (await this.#restDiffers(step, before))
  }

  /** What QEMU and Spindle do not agree upon in one of the two folders. */
  async #unsound({ folder }: Side): Promise<string | undefined> {
    const judge = judgement(this.#qemu(folder), DISK)
    const by = `QEMU ${judge.oracle.version}`
    const { totals } = judge
    if (totals.corruptions + totals.leaks + totals.checkErrors > 0) return `${by}: ${judge.text}`
    const found = await check({ kind: 'check', path: join(folder, DISK) }, recorded().context, systemParts())
    const report = found.kind === 'check' ? found.report : undefined
    if (!isDeepStrictEqual(report?.totals, totals)) return differ('check', report?.totals, totals)
    const bytes = await readDisk(folder)
    const content = firstDifference(bytes, judge.content)
    if (content !== undefined) return `Spindle and ${by} read it differently: ${content}`
    if (this.#design.options['data_file_raw'] === true) {
      const raw = firstDifference(readFileSync(join(folder, 'disk.data')).subarray(0, bytes.length), bytes)
      if (raw !== undefined) return `the raw data file is another disk: ${raw}`
    }
    const map = await maps(judge)
    if (!isDeepStrictEqual(map.ours, map.theirs)) return differ('map', map.ours, map.theirs)
    const told = await descriptions(judge)
    return isDeepStrictEqual(told.ours, told.theirs) ? undefined : differ('info', told.ours, told.theirs)
  }

  /** Most steps must leave the disk, or some of it, as it was. */
  #unlikeWhatItWas(step: MixedStep, now: Uint8Array): string | undefined {
    switch (step.kind) {
      case 'work':
      case 'pack':
        return undefined
      case 'resize': {
        const grown = new Uint8Array(step.size)
        grown.set(this.#bytes.subarray(0, step.size))
        return firstDifference(now, grown)
      }
      case 'rebase':
        return step.nameOnly ? undefined : firstDifference(now, this.#bytes)
      case 'snapshot': {
        const frozen = this.#snapshots.find(({ name }) => name === step.name)
        return firstDifference(now, step.action === 'apply' ? (frozen?.bytes ?? new Uint8Array(0)) : this.#bytes)
      }
      default:
        return firstDifference(now, this.#bytes)
    }
  }

  #become(step: MixedStep, bytes: Uint8Array): void {
    this.#bytes = bytes
    if (step.kind === 'snapshot' && step.action === 'remove')
      this.#snapshots = this.#snapshots.filter(({ name }) => name !== step.name)
    if (step.kind === 'bitmap' && step.action === 'add') this.#bitmaps = [...this.#bitmaps, step.name]
    if (step.kind === 'bitmap' && step.action === 'remove')
      this.#bitmaps = this.#bitmaps.filter((name) => name !== step.name)
    if (step.kind === 'amend') this.#design = { ...this.#design, options: { ...this.#design.options, ...step.options } }
    if (step.kind === 'rebase') this.#chain = this.#bases.find(([first]) => first?.name === step.backing?.name) ?? []
  }

  async #snapshotsDiffer(step: MixedStep): Promise<string | undefined> {
    const [ours, theirs] = [await listed(this.#ours), await listed(this.#theirs)]
    if (!isDeepStrictEqual(ours, theirs)) return differ('snapshots', ours, theirs)
    const changes = step.kind === 'rebase'
    const next: Frozen[] = []
    for (const { id, name } of ours) {
      const old = this.#snapshots.find((one) => one.id === id)
      const bytes = await readDisk(this.#ours, id)
      const wanted = changes ? bytes : (old?.bytes ?? this.#bytes)
      const found = firstDifference(bytes, wanted) ?? firstDifference(await readDisk(this.#theirs, id), wanted)
      if (found !== undefined) return `snapshot ${name}: ${found}`
      next.push({ id, name, bytes })
    }
    this.#snapshots = next
    return undefined
  }

  /** Between the two folders: what the images say of themselves, how they are laid out, what is marked, what lies below. */
  async #restDiffers(step: MixedStep, before: Situation): Promise<string | undefined> {
    if (areLaidOutAlike(step, before)) {
      const found = layoutDifference(await sectorStates(this.#ours), await sectorStates(this.#theirs), this.#bytes)
      if (found !== undefined) return found
    }
    const [ours, theirs] = [await descriptionAlone(this.#ours), await descriptionAlone(this.#theirs)]
    if (!isDeepStrictEqual(ours, theirs)) return differ('the descriptions', ours, theirs)
    for (const name of this.#bitmaps) {
      const [one, other] = [await marked(this.#ours, name), await marked(this.#theirs, name)]
      if (!isDeepStrictEqual(one, other)) return differ(`bitmap ${name}`, one, other)
    }
    if (step.kind !== 'commit') return undefined
    for (const { name, format } of this.#chain) {
      const found = firstDifference(
        await readDisk(this.#ours, undefined, { name, format }),
        await readDisk(this.#theirs, undefined, { name, format }),
      )
      if (found !== undefined) return `${name}: ${found}`
      if (format !== 'qcow2') continue
      const { corruptions, leaks, errors, text } = this.#qemu(this.#ours).check(name)
      if (corruptions + leaks + errors > 0) return `${name}: ${text}`
    }
    return undefined
  }

  #copy(from: string, to: string): void {
    const { status, stderr } = spawnSync('cp', ['-a', '-T', from, to], { encoding: 'utf8' })
    if (status !== 0) throw new Error(stderr)
  }

  #qemu(folder: string): Qemu {
    return new Qemu(this.#random.pick(oracles()), folder)
  }
}

async function readDisk(
  folder: string,
  snapshot?: string,
  below: Below = { name: DISK, format: 'qcow2' },
): Promise<Uint8Array> {
  const path = join(folder, below.name)
  if (below.format === 'raw') return readFileSync(path)
  const part = snapshot === undefined ? undefined : { id: snapshot }
  await using disk = await openSource(path, below.format, systemParts(), part)
  const bytes = new Uint8Array(disk.size)
  await disk.read(0, bytes)
  return bytes
}

async function emptyClusters(folder: string, clusterSize: number): Promise<readonly number[]> {
  await using disk = await openSource(join(folder, DISK), 'qcow2', systemParts())
  const empty: number[] = []
  for (let position = 0; position < disk.size;) {
    for (const { kind, length } of await disk.top.map(position, disk.size - position)) {
      const end = position + length
      const stop = end === disk.size ? Math.ceil(end / clusterSize) : Math.floor(end / clusterSize)
      if (kind === 'hole')
        for (let cluster = Math.ceil(position / clusterSize); cluster < stop; cluster += 1) empty.push(cluster)
      position = end
    }
  }
  return empty
}

async function listed(folder: string): Promise<readonly { readonly id: string; readonly name: string }[]> {
  await using disk = await openSource(join(folder, DISK), 'qcow2', systemParts())
  return ((await disk.top.snapshots?.list()) ?? []).map(({ id, name }) => ({ id, name }))
}

async function marked(folder: string, name: string): Promise<unknown> {
  await using disk = await openSource(join(folder, DISK), 'qcow2', systemParts())
  const table = disk.top.bitmaps
  return table && (await Array.fromAsync(table.read(name)))
}

function differ(what: string, ours: unknown, theirs: unknown): string {
  return `${what}: ${newsOf(ours, theirs)}\nand not ${newsOf(theirs, ours)}`
}

/** Of two lists only what is not in both. */
function newsOf(value: unknown, other: unknown): string {
  const areLists = Array.isArray(value) && Array.isArray(other)
  const news = areLists ? value.filter((one) => !other.some((two) => isDeepStrictEqual(one, two))) : value
  return inWords(news, { depth: 6, compact: 3, breakLength: 200, maxArrayLength: 20 })
}

function shortened(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? `${value.length} bytes` : value
}
