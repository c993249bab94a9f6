// `node test/bench/library.ts [COUNT] [DEPTH]`: how long the library takes to know many images, and what lies on what.

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { drivers } from '../../core/formats/index.ts'
import { createLibrary } from '../../core/library/library.ts'
import { Lineage } from '../../core/library/lineage.ts'
import { formatSize } from '../../core/model/units.ts'
import { Listener } from '../helpers/listener.ts'
import { newestOracle } from '../helpers/oracles.ts'

const [count = 10_000, depth = 50] = process.argv.slice(2).map(Number)
const IN_FOLDER = 500
const work = mkdtempSync(join(tmpdir(), 'spindle-library-'))

try {
  makeImages()
  await measure('first look')
  await measure('second look, files cached')
} finally {
  rmSync(work, { recursive: true, force: true })
}

/** All names are of one length, so that one image is the pattern of all. */
function nameOf(index: number): string {
  return `disk-${String(index).padStart(6, '0')}.qcow2`
}

function makeImages(): void {
  const { qemuImg } = newestOracle()
  const make = (path: string, ...more: readonly string[]): Buffer => {
    execFileSync(qemuImg, ['create', '-q', '-f', 'qcow2', '-o', 'cluster_size=512', ...more, path, '1M'])
    const bytes = readFileSync(path)
    rmSync(path)
    return bytes
  }
  const base = make(join(work, nameOf(0)))
  const overlay = make(join(work, 'pattern.qcow2'), '-u', '-b', nameOf(0), '-F', 'qcow2')
  const at = overlay.indexOf(nameOf(0))
  for (let index = 0; index < count; index += 1) {
    const path = join(work, String(Math.floor(index / IN_FOLDER)), nameOf(index))
    if (index % IN_FOLDER === 0) mkdirSync(dirname(path))
    if (index % depth > 0) overlay.write(nameOf(index - 1), at)
    writeFileSync(path, index % depth === 0 ? base : overlay)
  }
}

async function measure(name: string): Promise<void> {
  const listener = new Listener()
  const lineage = new Lineage()
  const started = performance.now()
  const library = createLibrary({
    drivers,
    emit: (event) => {
      for (const told of lineage.note(event)) listener.emit(told)
    },
  })
  await library.setPlaces([work])
  await listener.settled()
  await listener.until(() => listener.rows.size === count)
  const seconds = (performance.now() - started) / 1000
  const linked = [...listener.rows.values()].filter(({ parent }) => parent !== undefined).length
  const events = listener.events.length
  const memory = formatSize(process.memoryUsage().rss)
  console.log(
    `${name}: ${count} images, ${linked} on another, in ${seconds.toFixed(2)} s, ${events} events, ${memory} resident`,
  )
  await library.close()
}
