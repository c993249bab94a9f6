// `spindle map --format=png`: the picture is one, and its cells are what the disk holds.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inflateSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { newestOracle } from '../../helpers/oracles.ts'
import { Qemu } from '../../helpers/qemu.ts'
import { scratchFolder } from '../../helpers/scratch.ts'
import { spindleHere } from '../../helpers/spindle.ts'

const COLUMNS = 128
const PITCH = 8
const CLUSTER = 65_536

function image(): Qemu {
  const qemu = new Qemu(newestOracle(), scratchFolder())
  // As many clusters as the picture has cells.
  qemu.img('create', '-q', '-f', 'qcow2', 'disk', String(COLUMNS * 64 * CLUSTER))
  qemu.io('disk', ['write -P 1 0 64k', `write -z ${2 * CLUSTER} 64k`, `write -P 1 ${(COLUMNS + 3) * CLUSTER} 64k`])
  return qemu
}

/** The colour of a pixel, decoded by hand. */
function pixels(png: Buffer): (x: number, y: number) => string {
  const chunks = new Map<string, Buffer>()
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at)
    chunks.set(png.toString('latin1', at + 4, at + 8), png.subarray(at + 8, at + 8 + length))
    at += length + 12
  }
  const width = chunks.get('IHDR')?.readUInt32BE(0) ?? 0
  const palette = chunks.get('PLTE')
  const rows = inflateSync(chunks.get('IDAT') ?? Buffer.alloc(0))
  return (x, y) => {
    const index = rows[y * (width + 1) + 1 + x] ?? 0
    return palette?.toString('hex', index * 3, index * 3 + 3) ?? ''
  }
}

test('a picture of the disk has a cell for each part, in the colour of its state', async () => {
  const qemu = image()
  const path = join(qemu.folder, 'map.png')
  const { out, code, error } = await spindleHere('map', '--format=png', '-o', path, join(qemu.folder, 'disk'))
  expect({ code, error }).toEqual({ code: 0, error: '' })
  expect(out).toMatch(/^#2b78b8 {2}data +128 KiB$/m)
  const png = readFileSync(path)
  expect(png.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n')
  const color = pixels(png)
  const middle = (cell: number): string => color((cell % COLUMNS) * PITCH + 3, Math.floor(cell / COLUMNS) * PITCH + 3)
  expect([middle(0), middle(1), middle(COLUMNS + 3)]).toEqual(['2b78b8', 'ffffff', '2b78b8'])
  // The outline of what is not there, and the hatch of zeros.
  expect(color(PITCH, 0)).toBe('7d8590')
  expect(color(2 * PITCH, 0)).toBe('848c97')
  expect(color(2 * PITCH + 1, 0)).toBe('ffffff')
})

test('the same as SVG; a file that is there is not touched', async () => {
  const qemu = image()
  const path = join(qemu.folder, 'map.svg')
  const words = ['map', '--format=svg', '-o', path, join(qemu.folder, 'disk')] as const
  expect((await spindleHere(...words)).code).toBe(0)
  const svg = readFileSync(path, 'utf8')
  expect(svg).toContain('<rect class="data" x="0" y="0" width="8"')
  expect(svg).toContain(`<rect class="data" x="24" y="8" width="8"`)
  expect(await spindleHere(...words)).toMatchObject({ code: 1, error: expect.stringContaining('exists already') })
  expect(await spindleHere('map', '--format=png', join(qemu.folder, 'disk'))).toMatchObject({
    code: 1,
    error: expect.stringContaining('-o FILE'),
  })
})
