import { shuffledIndices, type Random } from '../base/random.ts'
import { endSymbol } from '../spelling/alphabet.ts'
import { isEmittable, spellingOf, type Speller } from '../spelling/speller.ts'

/** Tokens that stand for the whole vocabulary where two distributions over it are compared. */
export interface Candidates {
  /** [count]. */
  readonly tokens: Int32Array
  /** [count]: the logarithm of how many tokens each stands for, to be added to its scores. */
  readonly logWeights: Float32Array
}

/** Draws the candidates of a step; where they are all that the SpeLLM says, the same object each time. */
export interface CandidateSource {
  /** How many tokens each draw has. */
  readonly count: number
  /** @param choices what the teacher picks at the step's positions */
  draw(choices: Int32Array, random: Random): Candidates
}

/**
 * Candidates from the tokens that a SpeLLM says: all of them where `limit` leaves room. Otherwise three quarters are
 * certain, each standing for itself: the teacher's choices, up to half of the limit, then the most frequent tokens.
 * The rest is drawn evenly without replacement from all others and stands for these: so sums over candidates estimate
 * those over the vocabulary without bias (importance sampling of a softmax's sum, Bengio & Senécal 2003).
 *
 * @param tokenCounts how often each token occurs in the text, [V]
 */
export function createCandidateSource(
  speller: Speller,
  limit: number,
  tokenCounts: ArrayLike<number>,
): CandidateSource {
  const said = Int32Array.from({ length: speller.vocabularySize }, (_, token) => token).filter((token) =>
    isEmittable(speller, token),
  )
  const count = Math.min(said.length, limit)
  if (count === said.length) {
    const whole = { tokens: said, logWeights: new Float32Array(count) }
    return { count, draw: () => whole }
  }
  const byFrequency = said.toSorted((a, b) => (tokenCounts[b] ?? 0) - (tokenCounts[a] ?? 0) || a - b)
  return {
    count,
    draw: (choices, random) => {
      const certain = new Set<number>()
      const fill = (tokens: Int32Array, size: number) => {
        for (const token of tokens) {
          if (certain.size >= size) break
          certain.add(token)
        }
      }
      fill(
        choices.filter((token) => isEmittable(speller, token)),
        Math.floor(count / 2),
      )
      fill(byFrequency, Math.floor((3 * count) / 4))
      const others = said.filter((token) => !certain.has(token))
      const drawn = count - certain.size
      const order = shuffledIndices(others.length, random).subarray(0, drawn)
      const tokens = new Int32Array(count)
      tokens.set([...certain])
      order.forEach((index, i) => (tokens[certain.size + i] = others[index]!))
      const logWeights = new Float32Array(count).fill(Math.log(others.length / drawn), certain.size)
      return { tokens, logWeights }
    },
  }
}

/**
 * Which symbol of which head a spelling counts, END included: 0 or 1, float32 [tokens, k · A]. Its product with
 * the heads' log-probabilities gives the scores of the tokens.
 */
export function spellingMatrix(speller: Speller, tokens: Int32Array, alphabetSize: number): Float32Array {
  const { k, alphabet } = speller
  const width = k * alphabetSize
  const matrix = new Float32Array(tokens.length * width)
  for (const [row, token] of tokens.entries()) {
    const symbols = spellingOf(speller, token)
    symbols.forEach((symbol, head) => (matrix[row * width + head * alphabetSize + symbol] = 1))
    if (symbols.length < k) matrix[row * width + symbols.length * alphabetSize + endSymbol(alphabet)] = 1
  }
  return matrix
}
