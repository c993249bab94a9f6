// Xvfb's framebuffer file (X11's XWD layout) read and kept as a PNG, so that no screenshot program is needed.

import { readFileSync, writeFileSync } from 'node:fs'
import { crc32, deflateSync } from 'node:zlib'

export interface Picture {
  readonly width: number
  readonly height: number
  /** Three bytes a pixel. */
  readonly rgb: Uint8Array
}

/** Reads `Xvfb_screen0` as written by `Xvfb -fbdir`, for screens 24 bits deep. */
export function readFramebuffer(path: string): Picture {
  const file = readFileSync(path)
  const width = file.readUInt32BE(16)
  const height = file.readUInt32BE(20)
  const stride = file.readUInt32BE(48)
  const pixels = file.subarray(file.readUInt32BE(0) + 12 * file.readUInt32BE(76))
  const rgb = new Uint8Array(width * height * 3)
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const [blue = 0, green = 0, red = 0] = pixels.subarray(y * stride + 4 * x, y * stride + 4 * x + 3)
      rgb.set([red, green, blue], 3 * (y * width + x))
    }
  }
  return { width, height, rgb }
}

/** How many pixels have exactly this colour, given as 0xRRGGBB. */
export function countPixels({ rgb }: Picture, colour: number): number {
  let count = 0
  for (let at = 0; at < rgb.length; at += 3) {
    if ((((rgb[at] ?? 0) << 16) | ((rgb[at + 1] ?? 0) << 8) | (rgb[at + 2] ?? 0)) === colour) count += 1
  }
  return count
}

export function writePng(path: string, { width, height, rgb }: Picture): void {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2, 0, 0, 0], 8) // 8 bits, RGB, and the only compression, filter and order there is
  const rows = Buffer.alloc(height * (1 + 3 * width))
  for (let y = 0; y < height; y += 1)
    rows.set(rgb.subarray(3 * y * width, 3 * (y + 1) * width), y * (1 + 3 * width) + 1)
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  writeFileSync(
    path,
    Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]),
  )
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const whole = Buffer.alloc(body.length + 8)
  whole.writeUInt32BE(data.length, 0)
  whole.set(body, 4)
  whole.writeUInt32BE(crc32(body), body.length + 4)
  return whole
}
