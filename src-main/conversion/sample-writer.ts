import { baseChooser, createBaseHead, type BaseHead, type Chooser } from '../decode/chooser.ts'
import { generate, newKvContext, type KvContext } from '../decode/generate.ts'
import type { Tokenizer } from '../tokenizer/index.ts'
import type { BaseModel } from '../models/base-model.ts'
import { createTrunkSession, type TrunkSession } from '../models/trunk-session.ts'
import type { Device } from '../runtime/session.ts'
import type { Turn } from '../runtime/turns.ts'

/** The same text continued greedily by base model and SpeLLM, token by token. */
export interface Sample {
  readonly prompt: string
  readonly base: readonly string[]
  readonly spellm: readonly string[]
}

/** Shows what a tail in training makes of a text. */
export interface SampleWriter {
  /** @param chooser of the tail, new for each text */
  write(chooser: Chooser, turn: Turn): Promise<Sample>
  /** Gives the trunk back; the next text loads it again. */
  release(): Promise<void>
}

const promptTokens = 12
const sampleTokens = 40

/**
 * Samples that continue the beginning of a text. The trunk is loaded with the first of them.
 *
 * @param heldOut tokens of a text that is not trained on
 */
export function createSampleWriter(
  base: BaseModel,
  tokenizer: Tokenizer,
  heldOut: Int32Array,
  { device }: { readonly device: Device },
): SampleWriter {
  const { stopTokens, architecture } = base
  const ids = [...heldOut.subarray(0, promptTokens)]
  const prompt = tokenizer.decode(ids)
  let trunk: TrunkSession | null = null
  let kvContext: KvContext | null = null
  let baseText: readonly string[] | null = null

  const continued = async (chooser: Chooser, turn: Turn): Promise<string[]> => {
    trunk ??= await createTrunkSession(base, { device })
    kvContext ??= newKvContext(trunk)
    const { contextLength } = architecture
    const options = { maxTokens: sampleTokens, stopTokens, contextLength, turn }
    const stream = tokenizer.createTextStream(ids)
    const texts: string[] = []
    for await (const token of generate(trunk, chooser, kvContext, ids, options))
      texts.push(stream.push(token))
    const rest = stream.flush()
    return rest === '' ? texts : [...texts, rest]
  }
  const continuedByBase = async (turn: Turn) => {
    const head: BaseHead = await createBaseHead(base, { device })
    try {
      return await continued(baseChooser(head, null), turn)
    } finally {
      await head.release()
    }
  }
  return {
    write: async (chooser, turn) => {
      baseText ??= await continuedByBase(turn)
      return { prompt, base: baseText, spellm: await continued(chooser, turn) }
    },
    release: async () => {
      const released = trunk
      trunk = null
      kvContext = null
      await released?.release()
    },
  }
}
