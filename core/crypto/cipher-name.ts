// Names of ciphers as LUKS headers write them: `aes` with `xts-plain64` or `cbc-essiv:sha256`.

export type Mode = 'xts' | 'cbc' | 'ecb'
export type VectorKind = 'plain' | 'plain64' | 'essiv'

export interface CipherName {
  /** `aes`; others are known by name only. */
  readonly algorithm: string
  readonly mode: Mode
  /** Left out where the mode has none. */
  readonly vectors?: VectorKind
  readonly vectorHash?: string
}

const MODES: readonly Mode[] = ['xts', 'cbc', 'ecb']
const VECTORS: readonly VectorKind[] = ['plain', 'plain64', 'essiv']

/** `mode` is what follows the algorithm. Undefined for what Spindle knows no word of. */
export function parseCipher(algorithm: string, text: string): CipherName | undefined {
  const [modeText, vectorText] = splitOnce(text, '-')
  const mode = MODES.find((one) => one === modeText)
  if (!mode) return undefined
  if (vectorText === undefined) return mode === 'ecb' ? { algorithm, mode } : undefined
  const [kind, vectorHash] = splitOnce(vectorText, ':')
  const vectors = VECTORS.find((one) => one === kind)
  if (!vectors || (vectors === 'essiv' && vectorHash === undefined)) return undefined
  return { algorithm, mode, vectors, ...(vectorHash !== undefined && { vectorHash }) }
}

/** The part after the algorithm. */
export function printedMode({ mode, vectors, vectorHash }: CipherName): string {
  const hash = vectorHash === undefined ? '' : `:${vectorHash}`
  return vectors === undefined ? mode : `${mode}-${vectors}${hash}`
}

export function printedCipher(name: CipherName): string {
  return `${name.algorithm}-${printedMode(name)}`
}

function splitOnce(text: string, mark: string): readonly [string, string | undefined] {
  const at = text.indexOf(mark)
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}
