// The bits of a block, one for each sector, the highest of each byte first: which sectors are here.

/** Whether the sector is here. */
export function hasSector(bits: Uint8Array, sector: number): boolean {
  return ((bits[sector >> 3] ?? 0) & (0x80 >> (sector & 7))) !== 0
}

/** Where the run of sectors that are like `from` ends, at most at `to`. */
export function runEnd(bits: Uint8Array, from: number, to: number): number {
  const wanted = hasSector(bits, from)
  const whole = wanted ? 0xff : 0
  let sector = from + 1
  while (sector < to) {
    if ((sector & 7) === 0 && bits[sector >> 3] === whole) sector += 8
    else if (hasSector(bits, sector) === wanted) sector += 1
    else return sector
  }
  return to
}

export function setSectors(bits: Uint8Array, from: number, to: number): void {
  for (let sector = from; sector < to; sector += 1)
    bits[sector >> 3] = (bits[sector >> 3] ?? 0) | (0x80 >> (sector & 7))
}
