// What changes images of the other formats in place, and what makes new ones, killed after any write, with those since the
// last flush on disk or not: every image is as before or as after, new ones are whole or not there, and checks find leaks at
// worst.

import { join } from 'node:path'
import { expect, test } from 'vitest'
import { expectWhole } from '../../helpers/crashed-folder.ts'
import { FORMAT_OPERATIONS, makeImages } from '../../helpers/format-operations.ts'
import { RecordedFiles } from '../../helpers/recorded-files.ts'
import { scratchFolder } from '../../helpers/scratch.ts'
import { randomFrom, seeds } from '../../helpers/seeds.ts'

/** Crashes looked at for each operation and seed; `SPINDLE_STATES=10000` takes every cut there is. */
const STATES = Number(process.env['SPINDLE_STATES'] ?? 4)

/** Few states of one seed are soon looked at. */
const SEEDS = process.env['SPINDLE_STATES'] === undefined ? seeds().slice(0, 1) : seeds()

test.for(
  SEEDS.flatMap((seed) => FORMAT_OPERATIONS.map((one) => [`${one.kind.format}, ${one.name}`, seed, one] as const)),
)('killed at any moment: %s (seed %i)', async ([, seed, operation]) => {
  const folder = scratchFolder()
  const links = await makeImages(folder, operation, randomFrom(seed))
  const recording = await RecordedFiles.of(folder, (parts) => operation.run((name) => join(folder, name), parts))
  const count = await expectWhole(recording, { links, after: folder, seed, limit: STATES })
  expect(count).toBeGreaterThan(0)
})
