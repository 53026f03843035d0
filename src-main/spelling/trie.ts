import type { Spellings } from './spellings.ts'

/**
 * A trie over spellings in flat arrays. Nodes are numbered level by level (the root is 0), and within a
 * level in the order of their parents, then of their symbols, so the children of a node are neighbours.
 */
export interface Trie {
  /** [nodes + 1]: the children of `node` are the nodes from `firstChild[node]` to before `firstChild[node + 1]`. */
  readonly firstChild: Int32Array
  /** [nodes]: the symbol that leads to the node; rises from sibling to sibling. The root's is 0. */
  readonly symbol: Uint16Array
  /** [nodes]: the token whose spelling ends here, −1 for none. */
  readonly token: Int32Array
  /** [levels + 1]: the nodes at depth d are those from `levelStart[d]` to before `levelStart[d + 1]`. */
  readonly levelStart: Int32Array
  /** [V]: the node at which each token's spelling ends, −1 for a token without one. */
  readonly nodeOf: Int32Array
}

/** Sorts `items[0 … count)` by `key`, keeping the order of equals, in O(count + keys). */
function countingSort(
  items: Int32Array,
  count: number,
  keys: number,
  key: (item: number) => number,
  sorted: Int32Array,
): void {
  const start = new Int32Array(keys + 1)
  for (let i = 0; i < count; i++) start[key(items[i]!) + 1]!++
  for (let value = 0; value < keys; value++) start[value + 1]! += start[value]!
  for (let i = 0; i < count; i++) sorted[start[key(items[i]!)]!++] = items[i]!
}

/**
 * Builds the trie level by level, in O(total length of the spellings + k · symbols).
 *
 * @param prefers whether the first of two tokens with the same spelling is the one to keep in `token`
 */
export function buildTrie(
  { k, symbols, lengths }: Spellings,
  prefers: (challenger: number, holder: number) => boolean,
): Trie {
  const totalLength = lengths.reduce((total, length) => total + length, 0)
  const symbolCount = symbols.reduce((highest, symbol) => Math.max(highest, symbol), 0) + 1
  const firstChild = new Int32Array(totalLength + 2)
  const symbol = new Uint16Array(totalLength + 1)
  const nodeOf = Int32Array.from(lengths, (length) => (length > 0 ? 0 : -1))
  const levelStart = [0, 1]

  let active = Int32Array.from(nodeOf.keys()).filter((token) => lengths[token]! > 0)
  let bySymbol = new Int32Array(active.length)
  let nodes = 1
  for (let depth = 0; active.length > 0; depth++) {
    const level = levelStart[depth]!
    countingSort(active, active.length, symbolCount, (token) => symbols[token * k + depth]!, bySymbol)
    countingSort(bySymbol, active.length, nodes - level, (token) => nodeOf[token]! - level, active)
    let parent = level - 1
    let previousSymbol = -1
    for (const token of active) {
      const next = symbols[token * k + depth]!
      if (nodeOf[token] !== parent || next !== previousSymbol) {
        while (parent < nodeOf[token]!) firstChild[++parent] = nodes
        symbol[nodes++] = next
        previousSymbol = next
      }
      nodeOf[token] = nodes - 1
    }
    levelStart.push(nodes)
    while (parent < levelStart[depth + 1]! - 1) firstChild[++parent] = nodes
    active = active.filter((token) => lengths[token]! > depth + 1)
    bySymbol = bySymbol.subarray(0, active.length)
  }
  firstChild.fill(nodes, levelStart.at(-2), nodes + 1)

  const token = new Int32Array(nodes).fill(-1)
  for (const [candidate, node] of nodeOf.entries()) {
    if (node < 0) continue
    const holder = token[node]!
    if (holder < 0 || prefers(candidate, holder)) token[node] = candidate
  }
  return {
    firstChild: firstChild.slice(0, nodes + 1),
    symbol: symbol.slice(0, nodes),
    token,
    levelStart: Int32Array.from(levelStart),
    nodeOf,
  }
}

function findChild(trie: Trie, node: number, symbol: number): number {
  let low = trie.firstChild[node]!
  const end = trie.firstChild[node + 1]!
  let high = end
  while (low < high) {
    const middle = (low + high) >>> 1
    if (trie.symbol[middle]! < symbol) low = middle + 1
    else high = middle
  }
  return low < end && trie.symbol[low] === symbol ? low : -1
}

/** The node that the first `length` of `symbols` lead to, −1 where no spelling starts with them. */
export function findNode(trie: Trie, symbols: ArrayLike<number>, length: number): number {
  let node = 0
  for (let i = 0; i < length && node >= 0; i++) node = findChild(trie, node, symbols[i]!)
  return node
}

/** The token of the only spelling that ends at or below `node`, −1 where there are several. */
export function onlyTokenBelow(trie: Trie, node: number): number {
  let below = node
  while (trie.token[below]! < 0 && trie.firstChild[below + 1]! - trie.firstChild[below]! === 1)
    below = trie.firstChild[below]!
  return trie.firstChild[below] === trie.firstChild[below + 1] ? trie.token[below]! : -1
}
