import type { HeadRows } from '../models/head-rows.ts'
import { roomyCapacity } from '../runtime/cache-span.ts'
import { floatTensor, type Tensor } from '../runtime/session.ts'
import type { FirstSymbols } from '../spelling/speller.ts'

/**
 * Context symbols: the tokens of a text that aren't token symbols, and those with a logit bias, whose exact logits a step of
 * the trunk computes in addition to those. Their rows of the LM head are in a buffer of ours, which is fed as it is.
 */
export interface ContextSymbols {
  /** How many there are; slots from there on hold nothing. */
  readonly count: number
  /** Whether the text has tokens that are neither token symbols nor among them. */
  readonly isPartial: boolean
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
 * @param options.kept tokens that always are, in addition to those
 */
export function createContextSymbols(
  rows: Pick<HeadRows, 'read'>,
  { symbolIndex, firstSymbol }: FirstSymbols,
  {
    hiddenSize: d,
    most,
    kept = [],
  }: { readonly hiddenSize: number; readonly most: number; readonly kept?: readonly number[] },
): ContextSymbols {
  // Padded rows of the head and token symbols are none.
  const isNone = (token: number) => (symbolIndex[token] ?? 0) >= 0
  /** In the first slots. */
  const always = new Set(kept.filter((token) => !isNone(token)))
  /** Token → slot, what occurred longest ago first. */
  const slots = new Map<number, number>()
  let followed = 0
  let isPartial = false
  const table = createSlots(rows, firstSymbol, { d, most: always.size + most })
  const freeSlot = () => {
    if (slots.size < most) return always.size + slots.size
    isPartial = true
    const [oldest, slot] = slots.entries().next().value!
    slots.delete(oldest)
    return slot
  }
  const add = (token: number) => {
    const known = slots.get(token)
    const slot = known ?? freeSlot()
    slots.delete(token)
    slots.set(token, slot)
    if (known === undefined) table.fill(slot, token)
  }
  /** Of a long text, only what would stay is read at all. */
  const addAll = (added: readonly number[]) => {
    const last = new Set<number>()
    for (const token of added.toReversed()) {
      if (isNone(token) || always.has(token) || last.has(token)) continue
      if (last.size === most) {
        isPartial = true
        break
      }
      last.add(token)
    }
    for (const token of [...last].reverse()) add(token)
  }
  let slot = 0
  for (const token of always) table.fill(slot++, token)
  return {
    get count() {
      return always.size + slots.size
    },
    get isPartial() {
      return isPartial
    },
    get tokens() {
      return table.tokens
    },
    get firstSymbols() {
      return table.firstSymbols
    },
    follow: (read, unread) => {
      if (read.length > followed) addAll(read.slice(followed))
      addAll(unread)
      followed = read.length + unread.length
      return table.tensor
    },
  }
}

/** Tokens with their rows of the LM head in a buffer that grows as slots are filled. */
function createSlots(
  rows: Pick<HeadRows, 'read'>,
  firstSymbol: FirstSymbols['firstSymbol'],
  { d, most }: { readonly d: number; readonly most: number },
) {
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
  return {
    get tokens() {
      return tokens
    },
    get firstSymbols() {
      return firstSymbols
    },
    /** [capacity, d]. */
    get tensor(): Tensor {
      return tensor
    },
    fill: (slot: number, token: number) => {
      if (slot >= capacity) grow(slot + 1)
      tokens[slot] = token
      firstSymbols[slot] = firstSymbol[token]!
      buffer.set(rows.read([token]), slot * d)
    },
  }
}
