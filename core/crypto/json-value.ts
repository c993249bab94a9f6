// Taking values out of JSON that came from a file: each is of the kind it must be, or an error says which is not.

/** Says where in the JSON something is wrong. */
export type Refuse = (what: string) => never

export class JsonValue {
  readonly #value: unknown
  readonly #name: string
  readonly #refuse: Refuse

  constructor(value: unknown, name: string, refuse: Refuse) {
    this.#value = value
    this.#name = name
    this.#refuse = refuse
  }

  /** Whether the object has it at all. */
  has(key: string): boolean {
    return Object.hasOwn(this.#object(), key)
  }

  get(key: string): JsonValue {
    const object = this.#object()
    const name = this.#name === '' ? key : `${this.#name}.${key}`
    if (!Object.hasOwn(object, key)) this.#refuse(`it has no ${name}`)
    return new JsonValue(object[key], name, this.#refuse)
  }

  entries(): readonly (readonly [string, JsonValue])[] {
    return Object.keys(this.#object()).map((key) => [key, this.get(key)])
  }

  isText(text: string): boolean {
    return this.#value === text
  }

  text(): string {
    return typeof this.#value === 'string' ? this.#value : this.#refuse(`${this.#name} is no text`)
  }

  /** A whole number in its range, written as a number or, as LUKS does for large ones, as text. */
  number(least: number, most: number): number {
    const number = typeof this.#value === 'string' && /^\d{1,16}$/.test(this.#value) ? Number(this.#value) : this.#value
    if (typeof number === 'number' && Number.isSafeInteger(number) && number >= least && number <= most) return number
    return this.#refuse(`${this.#name} must be a whole number from ${least} to ${most}`)
  }

  bytes(most: number): Uint8Array {
    const value = Buffer.from(this.text(), 'base64')
    return value.length > 0 && value.length <= most
      ? value
      : this.#refuse(`${this.#name} is not 1 to ${most} bytes long`)
  }

  texts(): readonly string[] {
    const value = this.#value
    if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value
    return this.#refuse(`${this.#name} is no list of texts`)
  }

  #object(): Record<string, unknown> {
    const value = this.#value
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
    return this.#refuse(`${this.#name === '' ? 'its JSON part' : this.#name} is no object`)
  }
}
