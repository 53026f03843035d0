import { drawFrom, type Random } from '../base/random.ts'
import type { FirstSymbols } from '../spelling/speller.ts'

/** Tokens that are drawn at each position for the heads that spell: an epoch takes one of them. */
export const drawsPerPosition = 4

/** What a tail with token symbols learns at some positions, from the base model's probabilities. */
export interface PositionTargets {
  /** The probability of each symbol of the first head, for what has no token symbol, [positions · A]. */
  readonly first: Float32Array
  /** log Σ exp of the token symbols' logits, [positions]. */
  readonly exactLogSum: Float32Array
  /** What makes the loss of the first head the divergence from the base model's distribution, [positions]. */
  readonly offset: Float32Array
  /** Tokens without a symbol, drawn as the base model would, [positions · drawsPerPosition]; −1: there is none. */
  readonly draws: Int32Array
}

/** 'soft': the base model's whole distribution (Hinton et al. 2015). 'hard': its choice. */
export const objectives = ['soft', 'hard'] as const
export type Objective = (typeof objectives)[number]

/** A smaller share can't be told from none. */
const leastMass = 1e-6
/** Its logarithm is still a number. */
const leastExact = 1e-30

/** How a vocabulary is divided for a tail: what the token symbols and each first symbol stand for. */
export interface VocabularyGroups {
  /** A. */
  readonly groups: number
  /** [V]: the group of each token, −1 for token symbols. */
  readonly groupOf: Int32Array
  /** The tokens of each group, in rising order. */
  readonly members: readonly Int32Array[]
}

/** Divides a vocabulary by first symbols. */
export function vocabularyGroups(
  { firstSymbol }: Pick<FirstSymbols, 'firstSymbol'>,
  groups: number,
): VocabularyGroups {
  const lists: number[][] = Array.from({ length: groups }, () => [])
  firstSymbol.forEach((group, token) => {
    if (group >= 0) lists[group]!.push(token)
  })
  return { groups, groupOf: firstSymbol, members: lists.map((list) => Int32Array.from(list)) }
}

/** Room for the targets of that many positions. */
export function emptyTargets(positions: number, groups: number): PositionTargets {
  return {
    first: new Float32Array(positions * groups),
    exactLogSum: new Float32Array(positions),
    offset: new Float32Array(positions),
    draws: new Int32Array(positions * drawsPerPosition),
  }
}

/**
 * Fills in the targets of one position.
 *
 * Of token symbols v with logits e_v and first symbols g with scores c_g, the tail's first distribution is the softmax of
 * both. Its divergence from the base model's, whose probabilities are P, is −Σ_g P_g c_g + log(Σ_v exp e_v + Σ_g exp c_g)
 * plus an offset that no weight changes: Σ_g P_g log P_g − log Z · Σ_v P_v, since log P_v = e_v − log Z.
 *
 * @param probabilities the base model's, [at least V of the groups]
 * @param logNormalizer log Z, the log-sum-exp of its logits
 * @param choice its greedy choice
 */
export function setTargets(
  targets: PositionTargets,
  position: number,
  { groups, groupOf, members }: VocabularyGroups,
  base: {
    readonly probabilities: Float32Array
    readonly logNormalizer: number
    readonly choice: number
  },
  { objective, random }: { readonly objective: Objective; readonly random: Random },
): void {
  const { probabilities, logNormalizer, choice } = base
  const masses = targets.first.subarray(position * groups, (position + 1) * groups)
  masses.fill(0)
  let exact = 0
  for (let token = 0; token < groupOf.length; token++) {
    const group = groupOf[token]!
    if (group >= 0) masses[group]! += probabilities[token]!
    else exact += probabilities[token]!
  }
  let spelled = 0
  for (const mass of masses) spelled += mass
  // Summed by itself: what 1 − spelled leaves of a small share is rounding.
  targets.exactLogSum[position] = logNormalizer + Math.log(Math.max(leastExact, exact))
  const draws = targets.draws.subarray(position * drawsPerPosition, (position + 1) * drawsPerPosition)

  if (objective === 'hard') {
    const group = groupOf[choice] ?? -1
    masses.fill(0)
    if (group >= 0) masses[group] = 1
    draws.fill(group >= 0 ? choice : -1)
    // The choice's own score, where that is exact, stands in the loss.
    targets.offset[position] = group >= 0 ? 0 : -(logNormalizer + Math.log(probabilities[choice]!))
    return
  }
  let negativeEntropy = 0
  for (const mass of masses) if (mass > 0) negativeEntropy += mass * Math.log(mass)
  targets.offset[position] = negativeEntropy - logNormalizer * exact
  for (let i = 0; i < draws.length; i++)
    draws[i] = spelled < leastMass ? -1 : drawToken(masses, spelled, members, probabilities, random)
}

/** Draws a token without a symbol: its group first, then one of the group. */
function drawToken(
  masses: Float32Array,
  total: number,
  members: readonly Int32Array[],
  probabilities: Float32Array,
  random: Random,
): number {
  const group = drawFrom(masses.length, total, (index) => masses[index]!, random)
  const own = members[group]!
  const index = drawFrom(own.length, masses[group]!, (i) => probabilities[own[i]!]!, random)
  return own[index] ?? -1
}
