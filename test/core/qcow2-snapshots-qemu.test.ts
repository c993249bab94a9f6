// Images with snapshots that QEMU and Spindle change in turn: both see the same disk, the same snapshots and no damage.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect, isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import type { Preallocation, SnapshotAction } from '../../core/model/job.ts'
import { KiB, MiB } from '../../core/model/units.ts'
import { openSource, systemParts } from '../../core/operations/parts.ts'
import { resize } from '../../core/operations/resize.ts'
import { snapshot } from '../../core/operations/snapshot.ts'
import { DiskModel, firstDifference, randomStep } from '../helpers/disk-model.ts'
import { newestOracle, oracles } from '../helpers/oracles.ts'
import { Qemu } from '../helpers/qemu.ts'
import { recorded } from '../helpers/run-operation.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { historySeeds, randomFrom } from '../helpers/seeds.ts'
import type { Random } from '../helpers/seeds.ts'
import { tally } from '../helpers/tally.ts'
import { spindleHere } from '../helpers/spindle.ts'
import { descriptions } from '../interop/agreement.ts'
import { optionWords } from '../interop/design.ts'
import { DISK, openImage } from '../interop/history.ts'
import { randomBatch } from '../interop/work.ts'

/** Steps of one history. */
const STEPS = 7

interface Design {
  readonly size: number
  readonly clusterSize: number
  readonly version2: boolean
  readonly belowSize: number
  readonly options: Readonly<Record<string, string | number | boolean>>
}

interface Frozen {
  readonly id: string
  readonly name: string
  readonly bytes: Uint8Array
}

test.for(historySeeds(10))('QEMU and Spindle agree on every state: SPINDLE_SEED=%i', async (seed) => {
  const random = randomFrom(seed)
  const history = new History(random, randomDesign(random))
  history.create()
  await history.work()
  for (let step = 0; step < STEPS; step += 1) {
    const what = await history.step()
    expect(await history.disagreement(), `step ${step}: ${what}`).toBeUndefined()
  }
  expect(await history.finalDisagreement()).toBeUndefined()
  tally('histories of snapshots', 1)
})

class History {
  readonly #random: Random
  readonly #design: Design
  readonly #folder = scratchFolder()
  readonly #below: Uint8Array | undefined
  readonly #snapshots: Frozen[] = []
  #bytes: Uint8Array
  #names = 0

  constructor(random: Random, design: Design) {
    this.#random = random
    this.#design = design
    this.#below = design.belowSize > 0 ? random.bytes(design.belowSize) : undefined
    this.#bytes = new Uint8Array(design.size)
    this.#bytes.set((this.#below ?? new Uint8Array(0)).subarray(0, design.size))
  }

  create(): void {
    const { options, size } = this.#design
    const backing = this.#below ? ['-b', 'base', '-F', 'raw'] : []
    if (this.#below) writeFileSync(join(this.#folder, 'base'), this.#below)
    writeFileSync(join(this.#folder, 'pattern'), this.#random.bytes(1 + this.#random.below(20_000)))
    this.#qemu().img('create', '-q', '-f', 'qcow2', ...optionWords(options), ...backing, DISK, String(size))
  }

  /** Some random work by one of the two. */
  async work(): Promise<string> {
    const random = this.#random
    if (random.happens(0.5)) {
      const { clusterSize } = this.#design
      const batch = { size: this.#bytes.length, clusterSize, count: 6 + random.below(14), pattern: 'pattern' }
      const commands = randomBatch(random, batch)
      const qemu = this.#qemu()
      if (commands.length > 0) qemu.io(DISK, commands)
      this.#bytes = qemu.content(DISK)
      return `work by QEMU ${qemu.oracle.version}`
    }
    const model = new DiskModel(this.#bytes.length, this.#below)
    model.bytes.set(this.#bytes)
    await using disk = await openImage(this.#path, 'qcow2', 'write')
    const steps = 6 + random.below(14)
    for (let step = 0; step < steps; step += 1)
      await model.apply(disk, randomStep(random, model.bytes.length, this.#design.clusterSize))
    this.#bytes = model.bytes
    return 'work by Spindle'
  }

  async step(): Promise<string> {
    const chance = this.#random.below(100)
    const { length } = this.#snapshots
    if (chance < 25) return this.work()
    if (chance < 55 || (length === 0 && chance < 82)) return this.#freeze()
    if (chance < 70) return this.#apply()
    if (chance < 82) return this.#remove()
    return this.#design.version2 && length > 0 ? this.work() : this.#resize()
  }

  /** What is wrong, as one QEMU and Spindle see the disk and the list of its snapshots. */
  async disagreement(): Promise<string | undefined> {
    const judge = this.#qemu()
    const { corruptions, leaks, errors, text } = judge.check(DISK)
    if (corruptions + leaks + errors > 0) return `QEMU ${judge.oracle.version}: ${text}`
    const theirs = firstDifference(judge.content(DISK), this.#bytes)
    if (theirs !== undefined) return `QEMU ${judge.oracle.version} reads the disk otherwise: ${theirs}`
    const ours = firstDifference(await this.#read(), this.#bytes)
    if (ours !== undefined) return `Spindle reads the disk otherwise: ${ours}`
    const newest = new Qemu(newestOracle(), this.#folder)
    const listed = (await spindleHere('snapshot', '-l', this.#path)).out
    const wanted = newest.img('snapshot', '-l', DISK)
    return listed === wanted ? undefined : `the list of snapshots is\n${listed}and not\n${wanted}`
  }

  /** The same for what every snapshot holds, and what the image says of itself. */
  async finalDisagreement(): Promise<string | undefined> {
    const judge = this.#qemu()
    for (const { id, bytes } of this.#snapshots) {
      const ours = firstDifference(await this.#read(id), bytes)
      if (ours !== undefined) return `Spindle reads snapshot ${id} otherwise: ${ours}`
      // QEMU shows a snapshot as long as the disk is now.
      const common = Math.min(bytes.length, this.#bytes.length)
      const theirs = judge.content(DISK, '-l', `snapshot.id=${id}`).subarray(0, common)
      const found = firstDifference(theirs, bytes.subarray(0, common))
      if (found !== undefined) return `QEMU ${judge.oracle.version} reads snapshot ${id} otherwise: ${found}`
    }
    const { theirs, ours } = await descriptions(judge)
    return isDeepStrictEqual(ours, theirs) ? undefined : `QEMU tells ${inspect(theirs)}, Spindle ${inspect(ours)}`
  }

  async #freeze(): Promise<string> {
    const name = `s${(this.#names += 1)}${'n'.repeat(this.#random.below(40))}`
    const by = await this.#eitherWay(['snapshot', '-c', name, DISK], { kind: 'create', name })
    const [latest] = (await this.#list()).slice(-1)
    if (latest?.name !== name) throw new Error(`${by} took a snapshot that is not there`)
    this.#snapshots.push({ ...latest, bytes: this.#bytes.slice() })
    return `snapshot ${name} by ${by}`
  }

  async #apply(): Promise<string> {
    const chosen = this.#random.pick(this.#snapshots)
    const by = await this.#eitherWay(['snapshot', '-a', chosen.id, DISK], { kind: 'apply', id: chosen.id })
    this.#bytes = chosen.bytes.slice()
    return `snapshot ${chosen.id} applied by ${by}`
  }

  async #remove(): Promise<string> {
    const chosen = this.#random.pick(this.#snapshots)
    const by = await this.#eitherWay(['snapshot', '-d', chosen.name, DISK], { kind: 'remove', id: chosen.id })
    this.#snapshots.splice(this.#snapshots.indexOf(chosen), 1)
    return `snapshot ${chosen.id} deleted by ${by}`
  }

  async #resize(): Promise<string> {
    const random = this.#random
    const sectors = 1 + random.below((2 * this.#design.size) / 512)
    const virtualSize = 512 * sectors
    const grows = virtualSize > this.#bytes.length
    const preallocation = grows ? random.pick<Preallocation>(['off', 'off', 'metadata', 'falloc', 'full']) : 'off'
    const before = this.#bytes
    this.#bytes = new Uint8Array(virtualSize)
    this.#bytes.set(before.subarray(0, virtualSize))
    // QEMU cannot clear what shines through from below in version 2.
    if ((this.#design.version2 && this.#below) || random.happens(0.5)) {
      const job = { kind: 'resize', path: this.#path, virtualSize, shrink: true, preallocation } as const
      await resize(job, recorded().context, systemParts())
      return `${virtualSize} bytes by Spindle`
    }
    const qemu = this.#qemu()
    // Its other two ways fail where the file is already longer than it works out.
    const words = grows ? [`--preallocation=${preallocation === 'off' ? 'off' : 'metadata'}`] : ['--shrink']
    qemu.img('resize', '-f', 'qcow2', ...words, DISK, String(virtualSize))
    // What an earlier shrink left in the last cluster comes back there.
    if (grows) this.#bytes = this.#withTailOf(qemu.content(DISK), before.length)
    return `${virtualSize} bytes by QEMU ${qemu.oracle.version}`
  }

  #withTailOf(content: Uint8Array, oldSize: number): Uint8Array {
    const { clusterSize } = this.#design
    const end = Math.min(Math.ceil(oldSize / clusterSize) * clusterSize, content.length)
    const bytes = this.#bytes.slice()
    bytes.set(content.subarray(oldSize, end), oldSize)
    return bytes
  }

  /** By one of the two. Returns who did it. */
  async #eitherWay(words: readonly string[], action: SnapshotAction): Promise<string> {
    if (this.#random.happens(0.5)) {
      const qemu = this.#qemu()
      qemu.img(...words)
      return `QEMU ${qemu.oracle.version}`
    }
    await snapshot({ kind: 'snapshot', path: this.#path, action }, recorded().context, systemParts())
    return 'Spindle'
  }

  async #list(): Promise<readonly { readonly id: string; readonly name: string }[]> {
    await using disk = await openSource(this.#path, 'qcow2', systemParts())
    return ((await disk.top.snapshots?.list()) ?? []).map(({ id, name }) => ({ id, name }))
  }

  async #read(id?: string): Promise<Uint8Array> {
    await using disk = await openSource(this.#path, 'qcow2', systemParts(), id === undefined ? undefined : { id })
    const bytes = new Uint8Array(disk.size)
    await disk.read(0, bytes)
    return bytes
  }

  get #path(): string {
    return join(this.#folder, DISK)
  }

  #qemu(): Qemu {
    return new Qemu(this.#random.pick(oracles()), this.#folder)
  }
}

const CLUSTER_SIZES = [512, KiB, 4 * KiB, 16 * KiB, 64 * KiB, 64 * KiB, 2 * MiB]

function randomDesign(random: Random): Design {
  const version2 = random.happens(0.2)
  const extended = !version2 && random.happens(0.25)
  const clusterSize = random.pick(CLUSTER_SIZES.filter((size) => !extended || size >= 16 * KiB))
  const refcountBits = version2 ? 16 : random.pick([8, 16, 16, 32, 64])
  const most = Math.min(4 * MiB, Math.max(clusterSize * 160, 64 * KiB))
  const size = 512 * (1 + random.below(most / 512))
  return {
    size,
    clusterSize,
    version2,
    belowSize: random.happens(0.3) ? 512 * (1 + random.below((size * 2) / 512)) : 0,
    options: {
      cluster_size: clusterSize,
      compat: version2 ? '0.10' : '1.1',
      ...(extended && { extended_l2: true }),
      ...(refcountBits !== 16 && { refcount_bits: refcountBits }),
      ...(!version2 && random.happens(0.2) && { lazy_refcounts: true }),
    },
  }
}
