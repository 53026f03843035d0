/** A threshold of gated mode and the share of steps that use the base model's head with it, on roll-outs. */
export interface Gate {
  /** 0 to 1. */
  readonly share: number
  /** τ: the base model decides where the best spelling leads by less. */
  readonly threshold: number
}

/** The threshold for a share, interpolated; beyond the greatest known share its own; null: none is known. */
export function thresholdOf(gates: readonly Gate[], share: number): number | null {
  if (gates.length === 0) return null
  const above = gates.findIndex((gate) => gate.share >= share)
  if (above < 0) return gates.at(-1)!.threshold
  const [low, high] = [gates[above - 1] ?? { share: 0, threshold: 0 }, gates[above]!]
  const part = (share - low.share) / (high.share - low.share)
  return low.threshold + part * (high.threshold - low.threshold)
}
