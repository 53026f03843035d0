import { seededRandom, shuffledIndices, type Random } from '../../base/random.ts'
import type { ConversationPieces } from './conversation-pieces.ts'
import { drawToken, type Scores } from './draw.ts'

/** How texts are written. */
export interface WritingStyle {
  readonly seed: number
  /** 'sampled' to learn from; 'greedy' to measure by, since that is how answers are compared. */
  readonly answers: 'sampled' | 'greedy'
  /** The tokens of questions to answer, each at least one; null: the model asks itself. */
  readonly questions: readonly (readonly number[])[] | null
  /** Sequences that are plain texts, not of `pieces`; absent: none are. */
  readonly plainTexts?: PlainTexts
}

/**
 * Texts without a template that begin with any token, as the data of LLM-QAT do (Liu et al. 2023, section 2.1). What is learnt
 * from conversations alone is wrong about text of other kinds.
 */
interface PlainTexts {
  /** One in this many sequences is a plain text. */
  readonly every: number
  /** What they begin with (`Tokenizer.frame`), perhaps nothing. */
  readonly prefix: readonly number[]
}

/** The tokens that a sequence may be written in. */
export interface Vocabulary {
  readonly size: number
  readonly isSpecial: (token: number) => boolean
}

/** One of the sequences that are written side by side: conversations, or plain texts, one after another. */
export interface Sequence {
  readonly isPlain: boolean
  /** Whether the token that comes next belongs to an answer. */
  readonly inAnswer: boolean
  /** Tokens of the prefix that each of them finds read. */
  readonly known: number
  /** The token that is read first, after these. */
  readonly begin: number
  /**
   * What is read next, from what the head says of the last token read.
   *
   * @returns a token; null: the text has ended, and a new one begins
   */
  next(scores: Scores): number | null
}

/**
 * A question that doesn't end is ended: half of a usual window is left for the answer. Real ones have 10 to 60 tokens.
 */
const maxQuestionTokens = 160

/** What is drawn of a document before the rest counts as its answer, which may be greedy. */
export const openingTokens = 32

/**
 * Begins a sequence.
 *
 * @param index of the sequence in the whole text: what is drawn depends on it and the seed, not on those next to it
 */
export function beginSequence(
  pieces: ConversationPieces,
  vocabulary: Vocabulary,
  style: WritingStyle,
  index: number,
): Sequence {
  const random = seededRandom((style.seed ^ Math.imul(index + 1, 0x9e3779b1)) >>> 0)
  const { plainTexts } = style
  return plainTexts && index % plainTexts.every === plainTexts.every - 1
    ? beginPlainTexts(plainTexts, pieces.stops, vocabulary, random)
    : beginConversations(pieces, vocabulary, style, index, random)
}

/** A vocabulary may have hardly any ordinary token. */
const mostTries = 1_000

function beginPlainTexts(
  { prefix }: PlainTexts,
  stops: readonly number[],
  { size, isSpecial }: Vocabulary,
  random: Random,
): Sequence {
  const anyToken = () => {
    let token = random.below(size)
    for (let tries = 0; isSpecial(token) && tries < mostTries; tries++) token = random.below(size)
    return token
  }
  let forced: number[] = []
  const begin = () => {
    const [first, ...rest] = [...prefix, anyToken()]
    forced = rest
    return first
  }
  let first = begin()
  return {
    isPlain: true,
    known: 0,
    get begin() {
      return first
    },
    get inAnswer() {
      return forced.length === 0
    },
    next: (scores) => {
      const given = forced.shift()
      if (given !== undefined) return given
      // Texts that people wrote surprise a model more often than its own nucleus does.
      const token = drawToken(scores, random, undefined, 1)
      if (!stops.includes(token) && !isSpecial(token)) return token
      first = begin()
      return null
    },
  }
}

function beginConversations(
  pieces: ConversationPieces,
  { isSpecial }: Vocabulary,
  style: WritingStyle,
  index: number,
  random: Random,
): Sequence {
  const stops = new Set(pieces.stops)
  const questionAt = style.questions && questionOrder(style.questions, style.seed, index)
  let conversation = 0
  let written: number[] = []
  /** Tokens that come next, whatever the model says. */
  let forced: number[] = []
  let inAnswer = false
  const begin = () => {
    written = []
    inAnswer = false
    forced = questionAt ? [...questionAt(conversation), ...pieces.between] : []
    conversation++
  }
  const leaveQuestion = (rest: readonly number[]) => {
    forced = [...rest]
    inAnswer = rest.length === 0
  }
  const nextOfQuestion = (scores: Scores): number | null => {
    // An empty question is none.
    const token = drawToken(
      scores,
      random,
      (one) => written.length === 0 && (isSpecial(one) || stops.has(one)),
    )
    if (pieces.kind === 'document') {
      if (stops.has(token)) return null
      written.push(token)
      inAnswer = written.length >= openingTokens
      return token
    }
    const { between, questionEnd } = pieces
    if (isSpecial(token) || stops.has(token) || written.length >= maxQuestionTokens) {
      leaveQuestion(between.slice(1))
      return between[0]!
    }
    written.push(token)
    if (endsWith(written, questionEnd)) leaveQuestion(between.slice(questionEnd.length))
    return token
  }
  begin()
  return {
    isPlain: false,
    known: pieces.prefix.length - 1,
    begin: pieces.prefix.at(-1)!,
    get inAnswer() {
      return inAnswer
    },
    next: (scores) => {
      const given = forced.shift()
      if (given !== undefined) {
        inAnswer = forced.length === 0
        return given
      }
      const token = inAnswer ? nextOfAnswer(scores, style, random, stops) : nextOfQuestion(scores)
      if (token === null) begin()
      return token
    },
  }
}

function nextOfAnswer(
  scores: Scores,
  { answers }: WritingStyle,
  random: Random,
  stops: ReadonlySet<number>,
): number | null {
  const token = answers === 'greedy' ? scores.tokens[0]! : drawToken(scores, random)
  return stops.has(token) ? null : token
}

function endsWith(tokens: readonly number[], end: readonly number[]): boolean {
  return (
    tokens.length >= end.length && end.every((token, i) => tokens[tokens.length - end.length + i] === token)
  )
}

/**
 * Which question a sequence answers in its first conversation, its second and so on. First conversations go through all
 * questions in an order of chance, further ones begin elsewhere.
 */
function questionOrder(
  questions: readonly (readonly number[])[],
  seed: number,
  index: number,
): (conversation: number) => readonly number[] {
  const order = shuffledIndices(questions.length, seededRandom(seed))
  const stride = Math.round(questions.length * 0.618)
  return (conversation) => questions[order[(index + conversation * stride) % questions.length]!]!
}
