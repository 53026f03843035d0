import { setImmediate } from 'node:timers/promises'
import { CancelledError } from '../../base/errors.ts'
import { float32ToFloat16 } from '../../formats/half.ts'
import type { Tokenizer } from '../../tokenizer/index.ts'
import type { BaseModel } from '../../models/base-model.ts'
import { createBatchTrunk, stackRows, type BatchTrunk } from '../../models/batch-trunk.ts'
import { pieceTokens } from '../../models/trunk-session.ts'
import type { KeyValueCache } from '../../runtime/key-value-cache.ts'
import type { SessionOptions } from '../../runtime/session.ts'
import { ownTurn, type Turn } from '../../runtime/turns.ts'
import type { WrittenPositions } from '../teacher-chunk.ts'
import type { ConversationPieces } from './conversation-pieces.ts'
import { createHeadSession, type HeadSession } from './head-session.ts'
import { beginSequence, type WritingStyle } from './sequence.ts'

/** What is written of a conversation before it can be shown, if it has not ended by then. */
const shownTokens = 64

/** How a writer computes. */
export interface WriterOptions extends SessionOptions, WritingStyle {
  /** S: sequences of a round. */
  readonly sequences: number
  /** T: tokens of each. */
  readonly tokens: number
  /** Sequences side by side in a pass, a divisor of S (default: all of them): fewer need less memory. */
  readonly sequencesAtOnce?: number
  readonly signal?: AbortSignal
  /** Shares the engine's thread: each pass computes in a turn of its own. */
  readonly turn?: Turn
  /** A pass is done: positions of the round so far. */
  readonly onPass?: (positions: number) => void
  /**
   * A conversation of the round, no plain text, has ended, or has grown to `shownTokens`: it stands from `start` to `end` (exclusive) among
   * its positions.
   */
  readonly onConversation?: (written: WrittenPositions, start: number, end: number) => void
}

/** A model that writes text for itself, round by round. */
export interface OwnTextWriter {
  /**
   * Writes a round: S sequences of T tokens, one after another among its positions. Which ones depends on the seed and the
   * round's number alone, so rounds can be written in any order and again. (That a pass with fewer sequences at once
   * rounds otherwise in the last bit may change a draw.)
   *
   * @throws CancelledError when the signal fires; SpellmError 'out-of-memory'
   */
  write(round: number): Promise<WrittenPositions>
  release(): Promise<void>
}

/** Loads trunk and LM head. */
export async function createOwnTextWriter(
  model: BaseModel,
  tokenizer: Pick<Tokenizer, 'entries' | 'vocabularySize'>,
  pieces: ConversationPieces,
  options: WriterOptions,
): Promise<OwnTextWriter> {
  const { sequences, tokens, sequencesAtOnce = sequences, turn = ownTurn, signal, onPass } = options
  const session = sessionOptions(options)
  const trunk = await createBatchTrunk(model, sequencesAtOnce, session)
  const head = await createHeadSession(model, sequencesAtOnce, tokenizer.vocabularySize, session)
  const caches = trunk.createCaches()
  /** Whether a cache begins with the prefix. */
  const isPrefixed = caches.map(() => false)
  const vocabulary = {
    size: tokenizer.vocabularySize,
    isSpecial: (token: number) => tokenizer.entries[token]?.special ?? true,
  }
  const { hiddenSize } = model.architecture

  /** Writes sequences side by side, of which `first` is the first one's place in the round. */
  const writeTogether = async (round: number, first: number, written: WrittenPositions): Promise<void> => {
    const own = caches.map((_, i) =>
      beginSequence(pieces, vocabulary, options, round * sequences + first + i),
    )
    // As long as plain texts have the same places, it is read once.
    if (own.some(({ known }, i) => known > 0 && !isPrefixed[i])) {
      for (const cache of caches) cache.truncate(0)
      caches[0]!.shrink()
      await readPrefix(trunk, caches, pieces.prefix.slice(0, -1), turn)
      isPrefixed.fill(true)
    }
    for (const [i, { known }] of own.entries()) {
      caches[i]!.truncate(known)
      isPrefixed[i] &&= known > 0
    }
    // What a pass computes must not depend on the rounds before: another capacity may round otherwise.
    caches[0]!.shrink()
    const next = Int32Array.from(own, ({ begin }) => begin)
    const starts = Int32Array.from(caches, (_, i) => (first + i) * tokens)
    for (let t = 0; t < tokens; t++) {
      if (signal?.aborted) throw new CancelledError()
      const { hidden, scores } = await turn(() => pass(trunk, head, caches, next))
      for (const [i, sequence] of own.entries()) {
        const position = (first + i) * tokens + t
        written.ids[position] = next[i]!
        written.choices[position] = scores[i]!.tokens[0]!
        written.logZ[position] = scores[i]!.logZ
        written.starts[position] = starts[i]!
        written.inAnswer[position] = Number(sequence.inAnswer)
        written.hidden.set(hidden.subarray(i * hiddenSize, (i + 1) * hiddenSize), position * hiddenSize)
        const drawn = sequence.next(scores[i]!)
        next[i] = drawn ?? sequence.begin
        if (!sequence.isPlain && (drawn === null || position + 1 - starts[i]! === shownTokens))
          options.onConversation?.(written, starts[i]!, position + 1)
        if (drawn !== null) continue
        starts[i] = position + 1
        caches[i]!.truncate(sequence.known)
      }
      onPass?.(first * tokens + (t + 1) * caches.length)
      // onnxruntime runs on this thread: let signals and timers in between.
      await setImmediate()
    }
  }
  return {
    write: async (round) => {
      const written = emptyPositions(sequences * tokens, hiddenSize)
      for (let first = 0; first < sequences; first += sequencesAtOnce)
        await writeTogether(round, first, written)
      return written
    },
    release: async () => {
      await trunk.release()
      await head.release()
    },
  }
}

/** One token of each sequence: its state in float16 [S · d] and what the head says of it. */
async function pass(
  trunk: BatchTrunk,
  head: HeadSession,
  caches: readonly KeyValueCache[],
  tokens: Int32Array,
) {
  const states = await trunk.forward(
    Array.from(tokens, (token) => Int32Array.of(token)),
    caches,
  )
  const rows = stackRows(states)
  return { hidden: float32ToFloat16(rows), scores: await head.scores(rows) }
}

/** All sequences read the prefix but its last token, once: a conversation that starts again forgets back to there. */
async function readPrefix(
  trunk: BatchTrunk,
  caches: readonly KeyValueCache[],
  prefix: readonly number[],
  turn: Turn,
): Promise<void> {
  const count = Math.max(1, Math.floor(pieceTokens / caches.length))
  for (let start = 0; start < prefix.length; start += count) {
    const piece = Int32Array.from(prefix.slice(start, start + count))
    await turn(() =>
      trunk.forward(
        caches.map(() => piece),
        caches,
      ),
    )
  }
}

function emptyPositions(count: number, hiddenSize: number): WrittenPositions {
  return {
    hidden: new Uint16Array(count * hiddenSize),
    choices: new Int32Array(count),
    logZ: new Float32Array(count),
    ids: new Int32Array(count),
    starts: new Int32Array(count),
    inAnswer: new Uint8Array(count),
  }
}

/** Those that concern a session. */
function sessionOptions({ device, threads }: SessionOptions): SessionOptions {
  return { ...(device ? { device } : {}), ...(threads === undefined ? {} : { threads }) }
}
