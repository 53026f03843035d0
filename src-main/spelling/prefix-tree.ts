/** A node of a tree over sequences of integers. */
export interface PrefixTree {
  readonly children: Map<number, PrefixTree>
  /** What the sequence that ends here stands for; undefined: none ends here. */
  value: number | undefined
}

/** A tree over sequences of integers, each with what it stands for; of equal ones the last counts. */
export function buildPrefixTree(sequences: Iterable<readonly [Iterable<number>, number]>): PrefixTree {
  const root: PrefixTree = { children: new Map(), value: undefined }
  for (const [sequence, value] of sequences) {
    let node = root
    for (const item of sequence) {
      let child = node.children.get(item)
      if (!child) node.children.set(item, (child = { children: new Map(), value: undefined }))
      node = child
    }
    node.value = value
  }
  return root
}
