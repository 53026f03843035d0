import type { HeadRows } from '../models/head-rows.ts'
import { roomyCapacity } from '../runtime/key-value-cache.ts'
import { floatTensor, type Tensor } from '../runtime/session.ts'
import type { FirstSymbols } from '../spelling/speller.ts'

/**
 * Context symbols: the tokens of a text that are no token symbols, whose exact logits a step of the trunk computes beside
 * those. Their rows of the LM head lie in a buffer of ours, which is fed as it is.
 */
export interface ContextSymbols {
  /** How many there are; slots from there on hold nothing. */
  readonly count: number
  /** [slots]: whose row each slot holds. */
  readonly tokens: Int32Array
  /** [slots]: what each one's spelling begins with, or OTHER. */
  readonly firstSymbols: Int32Array
  /**
   * Counts what a text has: `read` and after it `unread`. A text that goes back to an earlier place keeps the symbols
   * that it had.
   *
   * @returns the rows, float32 [slots, d]: as many slots as before unless there was no room
   */
  follow(read: readonly number[], unread: readonly number[]): Tensor
}

/**
 * No context symbols yet.
 *
 * @param options.most c: beyond it, what has not occurred for longest gives way
 */
export function createContextSymbols(
  rows: Pick<HeadRows, 'read'>,
  { symbolIndex, firstSymbol }: FirstSymbols,
  { hiddenSize: d, most }: { readonly hiddenSize: number; readonly most: number },
): ContextSymbols {
  /** Token → slot, what occurred longest ago first. */
  const slots = new Map<number, number>()
  let followed = 0
  let capacity = 0
  let tokens = new Int32Array(0)
  let firstSymbols = new Int32Array(0)
  let buffer = new Float32Array(0)
  let tensor = floatTensor(buffer, [0, d])
  const grow = (needed: number) => {
    capacity = Math.min(most, roomyCapacity(needed))
    const larger = <Numbers extends Int32Array | Float32Array>(old: Numbers, into: Numbers) => (
      into.set(old),
      into
    )
    tokens = larger(tokens, new Int32Array(capacity))
    firstSymbols = larger(firstSymbols, new Int32Array(capacity))
    buffer = larger(buffer, new Float32Array(capacity * d))
    tensor = floatTensor(buffer, [capacity, d])
  }
  const freeSlot = () => {
    if (slots.size < most) return slots.size
    const [oldest, slot] = slots.entries().next().value!
    slots.delete(oldest)
    return slot
  }
  const add = (token: number) => {
    const known = slots.get(token)
    const slot = known ?? freeSlot()
    slots.delete(token)
    slots.set(token, slot)
    if (known !== undefined) return
    if (slot >= capacity) grow(slot + 1)
    tokens[slot] = token
    firstSymbols[slot] = firstSymbol[token]!
    buffer.set(rows.read([token]), slot * d)
  }
  /** Of a long text, only what would stay is read at all. */
  const addAll = (added: readonly number[]) => {
    const last = new Set<number>()
    for (let i = added.length - 1; i >= 0 && last.size < most; i--)
      // Padded rows of the head and token symbols are none.
      if ((symbolIndex[added[i]!] ?? 0) < 0) last.add(added[i]!)
    for (const token of [...last].reverse()) add(token)
  }
  return {
    get count() {
      return slots.size
    },
    get tokens() {
      return tokens
    },
    get firstSymbols() {
      return firstSymbols
    },
    follow: (read, unread) => {
      if (read.length > followed) addAll(read.slice(followed))
      addAll(unread)
      followed = read.length + unread.length
      return tensor
    },
  }
}
