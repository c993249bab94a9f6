// Damage by structure: one to seven fields given values where arithmetic goes wrong, if it does.

import type { Random } from '../helpers/seeds.ts'
import type { Mutant, Place, Victim } from './victim.ts'

const MOST_CHANGES = 7
/** Bytes: a file that claims to be this long is a hole for the most part. */
const LONG = [2 ** 32, 2 ** 40, 2 ** 44]

export function mutate(victim: Victim, random: Random): Mutant {
  const files = new Map([...victim.files].map(([name, bytes]) => [name, bytes.slice()]))
  let bytes = files.get('disk') ?? new Uint8Array(0)
  const done: string[] = []
  const count = random.happens(0.5) ? 1 : 1 + random.below(MOST_CHANGES)
  for (let index = 0; index < count; index += 1) {
    const chance = random.below(100)
    if (chance < 82) done.push(setPlace(bytes, victim, random))
    else if (chance < 88) done.push(garble(bytes, victim, random))
    else if (chance < 94) done.push(copyOver(bytes, random))
    else if (chance < 98) {
      bytes = bytes.slice(0, cutAt(bytes.length, victim, random))
      done.push(`cut to ${bytes.length}`)
    } else {
      const place = random.pick(victim.places)
      bytes.subarray(place.offset, place.offset + 64).fill(0xff)
      done.push(`ones from ${place.offset}`)
    }
  }
  if (victim.seal && random.happens(0.85)) {
    victim.seal(bytes)
    done.push('sealed')
  }
  victim.tame?.(bytes)
  files.set('disk', bytes)
  const size = random.happens(0.02) ? random.pick(LONG) : undefined
  const words = `${victim.name}: ${done.join(', ')}${size === undefined ? '' : `, ${size} bytes long`}`
  return { format: victim.format, words, files, ...(size !== undefined && { size }) }
}

/** Values around which things change, and others made of the old one or of places. */
function edge(random: Random, bits: number, near: bigint, fileSize: number): bigint {
  const max = 2n ** BigInt(bits) - 1n
  const bit = 1n << BigInt(random.below(bits))
  const size = BigInt(fileSize)
  const fixed = [0n, 1n, 2n, max / 4n, max / 2n, max / 2n + 1n, max - 1n, max]
  const relative = [near + 1n, near - 1n, near * 2n, near / 2n, near ^ bit, near + 512n, near + 65536n]
  const places = [size, size - 1n, size / 2n, size / 512n, size + 1n, BigInt(random.below(fileSize + 1))]
  return random.pick([...fixed, bit, bit - 1n, ...relative, ...places]) & max
}

function setPlace(bytes: Uint8Array, victim: Victim, random: Random): string {
  // Named fields are few, and more is to be found by them than by the words of tables.
  const named = victim.places.filter(({ name }) => !name.startsWith('word'))
  const place = random.pick(random.happens(0.7) && named.length > 0 ? named : victim.places)
  const { name, offset, size } = place
  if (offset + size > bytes.length) return `${name} is cut off`
  if (![1, 2, 4, 8].includes(size)) return fillPlace(bytes, place, random)
  const near = read(bytes, offset, size, victim.littleEndian)
  const value = edge(random, size * 8, near, bytes.length)
  write(bytes, offset, size, victim.littleEndian, value)
  return `${name} = ${value}`
}

function fillPlace(bytes: Uint8Array, { name, offset, size }: Place, random: Random): string {
  const text = random.pick(['/etc/passwd', '../../x', 'json:{"driver":"nbd"}', '%n%s', '\u001b[31m', 'a'.repeat(size)])
  const content = random.happens(0.5) ? Buffer.from(text).subarray(0, size) : random.bytes(size)
  bytes.subarray(offset, offset + size).fill(0)
  bytes.set(content, offset)
  return `${name} = ${random.happens(0.5) ? 'text' : 'noise'} of ${content.length}`
}

function garble(bytes: Uint8Array, victim: Victim, random: Random): string {
  const offset = random.pick(victim.places).offset
  const noise = random.bytes(1 + random.below(64)).subarray(0, Math.max(0, bytes.length - offset))
  if (offset < bytes.length) bytes.set(noise, offset)
  return `noise of ${noise.length} at ${offset}`
}

function copyOver(bytes: Uint8Array, random: Random): string {
  if (bytes.length < 1024) return 'nothing'
  const sectors = Math.floor(bytes.length / 512)
  const [from, to] = [random.below(sectors) * 512, random.below(sectors) * 512]
  const length = Math.min(random.pick([512, 4096]), bytes.length - Math.max(from, to))
  bytes.copyWithin(to, from, from + length)
  return `${length} bytes from ${from} to ${to}`
}

function cutAt(length: number, victim: Victim, random: Random): number {
  const near = random.pick(victim.places).offset
  return Math.min(length, random.pick([near, near + 1, near + 8, random.below(length + 1), length - 1, length - 512]))
}

function read(bytes: Uint8Array, offset: number, size: number, littleEndian: boolean): bigint {
  let value = 0n
  for (let index = 0; index < size; index += 1) {
    const at = offset + (littleEndian ? size - 1 - index : index)
    value = value * 256n + BigInt(bytes[at] ?? 0)
  }
  return value
}

function write(bytes: Uint8Array, offset: number, size: number, littleEndian: boolean, value: bigint): void {
  let rest = value
  for (let index = 0; index < size; index += 1) {
    bytes[offset + (littleEndian ? index : size - 1 - index)] = Number(rest & 255n)
    rest /= 256n
  }
}
