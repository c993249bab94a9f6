// What measure foretells for formats of which QEMU foretells nothing: exactly what a conversion takes.

import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { MiB } from '../../core/model/units.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { randomFrom, seeds } from '../helpers/seeds.ts'
import { spindleHere } from '../helpers/spindle.ts'

const TARGETS: readonly (readonly [string, ...string[]])[] = [
  ['vdi'],
  ['vdi', '-o', 'static=on'],
  ['vdi', '-o', 'cluster_size=64K'],
  ['qed'],
  ['qed', '-o', 'cluster_size=4K,table_size=2'],
]

test.for(TARGETS.flatMap((target) => seeds().map((seed) => ({ target, seed }))))(
  'a new $target is as long as was foretold (seed $seed)',
  async ({ target, seed }) => {
    const random = randomFrom(seed)
    const folder = scratchFolder()
    const [source, made] = [join(folder, 'source.raw'), join(folder, 'made')]
    const bytes = new Uint8Array(3 * MiB + 512 * random.below(2000))
    for (let count = 0; count < 5; count += 1) bytes.set(random.bytes(70_000), random.below(bytes.length - 70_000))
    writeFileSync(source, bytes)
    const plain = join(folder, 'source.qcow2')
    await spindleHere('convert', '-O', 'qcow2', '-o', 'cluster_size=4K', source, plain)
    const measured = await spindleHere('measure', '--output=json', '-O', ...target, plain)
    const converted = await spindleHere('convert', '-O', ...target, plain, made)
    expect(converted).toMatchObject({ code: 0 })
    expect(JSON.parse(measured.out)).toMatchObject({ required: statSync(made).size })
  },
)
