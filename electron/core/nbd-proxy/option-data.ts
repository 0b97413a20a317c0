/** Reads the data of an option, piece by piece; null where it is too short. */
export class OptionData {
  #data: Buffer

  constructor(data: Buffer) {
    this.#data = data
  }

  /** Bytes. */
  get left(): number {
    return this.#data.length
  }

  number(size: 2 | 4): number | null {
    if (this.#data.length < size) return null
    const value = this.#data.readUIntBE(0, size)
    this.#data = this.#data.subarray(size)
    return value
  }

  /** After its length. */
  text(): string | null {
    const length = this.number(4)
    if (length === null || length > this.#data.length) return null
    const value = this.#data.toString('utf8', 0, length)
    this.#data = this.#data.subarray(length)
    return value
  }

  /** After how many they are. */
  texts(): readonly string[] | null {
    const count = this.number(4)
    if (count === null) return null
    const found: string[] = []
    for (let left = count; left > 0; left -= 1) {
      const text = this.text()
      if (text === null) return null
      found.push(text)
    }
    return found
  }
}
