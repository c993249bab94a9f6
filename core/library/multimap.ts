// Texts by texts, several for each.

export class Multimap {
  readonly #entries = new Map<string, Set<string>>()

  get(key: string | undefined): readonly string[] {
    return key === undefined ? [] : [...(this.#entries.get(key) ?? [])]
  }

  add(key: string, value: string): void {
    const values = this.#entries.get(key)
    if (values) values.add(value)
    else this.#entries.set(key, new Set([value]))
  }

  remove(key: string | undefined, value: string): void {
    if (key === undefined) return
    const values = this.#entries.get(key)
    if (values?.delete(value) === true && values.size === 0) this.#entries.delete(key)
  }
}
