// The two passes of XTS over many sectors as a WebAssembly module of vector instructions: written out here, a line an act.

/** Bytes worked on at once: they stay in the processor's cache. */
export const STEP = 64 * 1024
const PAGE = 64 * 1024
/** Sectors of a step at most; each has one first tweak. */
const MOST_SECTORS = STEP / 512

/** Where things are in the module's memory. */
const DATA = 0
const TWEAKS = STEP
const FIRSTS = 2 * STEP

const I32 = 0x7f
const V128 = 0x7b
const END = 0x0b
const SIMD = 0xfd
/** Aligned to 16 bytes. */
const ALIGNED = 4

const get = (local: number): readonly number[] => [0x20, local]
const set = (local: number): readonly number[] => [0x21, local]
const load = (offset = 0): readonly number[] => [SIMD, 0x00, ALIGNED, offset]
const store = (offset = 0): readonly number[] => [SIMD, 0x0b, ALIGNED, offset]
/** Below 64, for larger ones have more than one byte. */
const number = (value: number): readonly number[] => [0x41, value]
const add = (local: number, value: readonly number[]): readonly number[] => [
  ...get(local),
  ...value,
  0x6a,
  ...set(local),
]
const less = (local: number): readonly number[] => [...get(local), ...number(1), 0x6b, ...set(local)]
const and = [SIMD, 0x4e]
const xor = [SIMD, 0x51]
const shiftLeft = [SIMD, 0xcb, 0x01]
/** Of both halves, which fills each with its highest bit. */
const shiftSigned = [SIMD, 0xcc, 0x01]
const swapHalves = [SIMD, 0x0d, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7]
const loop = [0x03, 0x40]
const block = [0x02, 0x40]

/** mix(data, firsts, tweaks, sectors, blocks): each block with its tweak, which is kept for unmix. */
function mix(): readonly number[] {
  const [data, firsts, tweaks, sectors, blocks, tweak, carries, left] = [0, 1, 2, 3, 4, 5, 6, 7] as const
  const constant = [SIMD, 0x0c, 0x87, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]
  return body(
    [2, V128, 1, I32],
    [
      ...constant,
      ...set(carries),
      ...block,
      ...loop,
      ...get(sectors),
      0x45,
      0x0d,
      1,
      ...get(firsts),
      ...load(),
      ...set(tweak),
      ...get(blocks),
      ...set(left),
      ...loop,
      ...get(tweaks),
      ...get(tweak),
      ...store(),
      ...get(data),
      ...get(data),
      ...load(),
      ...get(tweak),
      ...xor,
      ...store(),
      // The next tweak is this one doubled: what leaves one half enters the other.
      ...get(tweak),
      ...number(1),
      ...shiftLeft,
      ...get(carries),
      ...get(tweak),
      ...get(tweak),
      ...swapHalves,
      0x41,
      63,
      ...shiftSigned,
      ...and,
      ...xor,
      ...set(tweak),
      ...add(data, number(16)),
      ...add(tweaks, number(16)),
      ...less(left),
      ...get(left),
      0x0d,
      0,
      END,
      ...add(firsts, number(16)),
      ...less(sectors),
      0x0c,
      0,
      END,
      END,
    ],
  )
}

/** unmix(data, tweaks, length): each block with the tweak kept for it. `length` is whole sectors. */
function unmix(): readonly number[] {
  const [data, tweaks, length, end] = [0, 1, 2, 3] as const
  const four = [0, 16, 32, 48].flatMap((offset) => [
    ...get(data),
    ...get(data),
    ...load(offset),
    ...get(tweaks),
    ...load(offset),
    ...xor,
    ...store(offset),
  ])
  return body(
    [1, I32],
    [
      ...get(data),
      ...get(length),
      0x6a,
      ...set(end),
      ...loop,
      ...four,
      ...add(data, BLOCKS_4),
      ...add(tweaks, BLOCKS_4),
      ...get(data),
      ...get(end),
      0x49,
      0x0d,
      0,
      END,
    ],
  )
}

/** 64, which takes two bytes. */
const BLOCKS_4 = [0x41, 0xc0, 0x00]

function size(value: number): readonly number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...size(value >> 7)]
}

function body(locals: readonly number[], code: readonly number[]): readonly number[] {
  const bytes = [locals.length / 2, ...locals, ...code, END]
  return [...size(bytes.length), ...bytes]
}

function section(id: number, bytes: readonly number[]): readonly number[] {
  return [id, ...size(bytes.length), ...bytes]
}

function named(name: string, kind: number, index: number): readonly number[] {
  return [name.length, ...Buffer.from(name), kind, index]
}

const parameters = (count: number): readonly number[] => [0x60, count, ...Array<number>(count).fill(I32), 0]

function moduleBytes(): Uint8Array<ArrayBuffer> {
  const pages = Math.ceil((FIRSTS + MOST_SECTORS * 16) / PAGE)
  return new Uint8Array([
    0x00,
    0x61,
    0x73,
    0x6d,
    1,
    0,
    0,
    0,
    ...section(1, [2, ...parameters(5), ...parameters(3)]),
    ...section(3, [2, 0, 1]),
    ...section(5, [1, 0, pages]),
    ...section(7, [3, ...named('memory', 2, 0), ...named('mix', 0, 0), ...named('unmix', 0, 1)]),
    ...section(10, [2, ...mix(), ...unmix()]),
  ])
}

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer }
  readonly mix: (data: number, firsts: number, tweaks: number, sectors: number, blocks: number) => void
  readonly unmix: (data: number, tweaks: number, length: number) => void
}

/** Node has it, its types do not. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object
  readonly Instance: new (module: object) => { readonly exports: Exports }
}

/** One a thread: each use is over before the next one begins. */
export class XtsPasses {
  /** A step's bytes. */
  readonly data: Uint8Array
  /** The tweak of each sector's first block. */
  readonly firsts: Uint8Array
  readonly #exports: Exports

  constructor() {
    const instance = new WebAssembly.Instance(new WebAssembly.Module(moduleBytes()))
    this.#exports = instance.exports
    const { buffer } = this.#exports.memory
    this.data = new Uint8Array(buffer, DATA, STEP)
    this.firsts = new Uint8Array(buffer, FIRSTS, MOST_SECTORS * 16)
  }

  mix(sectors: number, sectorSize: number): void {
    this.#exports.mix(DATA, FIRSTS, TWEAKS, sectors, sectorSize / 16)
  }

  /** With the tweaks of the last `mix`. */
  unmix(length: number): void {
    this.#exports.unmix(DATA, TWEAKS, length)
  }
}
