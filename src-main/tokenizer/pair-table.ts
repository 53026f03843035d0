/** Pairs of ids below 2^31 → a number from 0 on. A hash table of plain numbers: half a million pairs in 24 MB. */
export class PairTable {
  #left: Int32Array
  #right: Int32Array
  #value: Int32Array
  #size = 0

  /** @param expected about how many pairs will come */
  constructor(expected: number) {
    const capacity = 2 ** Math.ceil(Math.log2(Math.max(expected, 8) * 2))
    this.#left = new Int32Array(capacity)
    this.#right = new Int32Array(capacity)
    this.#value = new Int32Array(capacity).fill(-1)
  }

  get(left: number, right: number): number | undefined {
    const value = this.#value[this.#slot(left, right)]!
    return value < 0 ? undefined : value
  }

  set(left: number, right: number, value: number): void {
    if (this.#size * 2 >= this.#value.length) this.#grow()
    const slot = this.#slot(left, right)
    if (this.#value[slot]! < 0) this.#size++
    this.#left[slot] = left
    this.#right[slot] = right
    this.#value[slot] = value
  }

  /** Where the pair is, or where it would go. */
  #slot(left: number, right: number): number {
    const mask = this.#value.length - 1
    const mixed = Math.imul(Math.imul(left, 0x9e3779b1) ^ right, 0x85ebca6b)
    let slot = (mixed ^ (mixed >>> 15)) & mask
    while (this.#value[slot]! >= 0 && (this.#left[slot] !== left || this.#right[slot] !== right))
      slot = (slot + 1) & mask
    return slot
  }

  #grow(): void {
    const larger = new PairTable(this.#value.length)
    for (const [slot, value] of this.#value.entries())
      if (value >= 0) larger.set(this.#left[slot]!, this.#right[slot]!, value)
    this.#left = larger.#left
    this.#right = larger.#right
    this.#value = larger.#value
  }
}
