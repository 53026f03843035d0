import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeSafetensors } from '../../formats/safetensors.ts'
import { openTokenizer } from '../../tokenizer/index.ts'
import { weightShapes } from '../../models/architecture.ts'
import { openBaseModel } from '../../models/base-model.ts'
import { llama } from '../../models/families/llama.ts'
import { modelFolder } from '../../models/model-folder.ts'
import { alphabetSize, byteAlphabet, endSymbol } from '../../spelling/alphabet.ts'
import { buildSpeller, spellingOf } from '../../spelling/speller.ts'
import { createUnitFinder } from '../../spelling/units.ts'
import type { Words } from '../../spelling/words.ts'
import { hashBaseModel, saveSpellm } from '../../spellm/spellm.ts'
import type { Gate } from '../../spellm/gates.ts'

const endToken = 0
const hiddenSize = 64
const sampleVocabulary = 4_096
const k = 12

/**
 * Writes a Llama model with the sample model's tokenizer that knows one text by heart: after each of its
 * tokens it says the next one, after the last its end token, after that the first. What it says is thus known
 * without computing, whatever the text is. Its tokenizer puts nothing around a text.
 *
 * Rows of its LM head that stand for no token of the tokenizer have twice the largest logit, wherever it is.
 *
 * Its layer adds nothing, the token number i of the text is embedded as the unit vector i, and the LM head
 * has that vector in the row of the token after it.
 *
 * @returns the text's tokens and the end token
 */
export async function writeRecitingModel(
  folder: string,
  text: string,
  { contextLength, paddedRows = 0 }: { readonly contextLength: number; readonly paddedRows?: number },
): Promise<number[]> {
  const script = [...(await openTokenizer(modelFolder('sample'))).encode(text), endToken]
  if (new Set(script).size < script.length || script.length > hiddenSize)
    throw new RangeError(`a text of at most ${hiddenSize - 1} tokens, none of them twice`)
  const config = {
    model_type: 'llama',
    hidden_size: hiddenSize,
    num_hidden_layers: 1,
    num_attention_heads: 1,
    head_dim: 2,
    intermediate_size: 1,
    vocab_size: sampleVocabulary + paddedRows,
    max_position_embeddings: contextLength,
    eos_token_id: endToken,
  } as const
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'config.json'), JSON.stringify(config))
  const sample = modelFolder('sample')
  await cp(join(sample, 'tokenizer_config.json'), join(folder, 'tokenizer_config.json'))
  const tokenizer = JSON.parse(await readFile(join(sample, 'tokenizer.json'), 'utf8')) as object
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify({ ...tokenizer, post_processor: null }))

  const architecture = llama.describe(config, { file: 'config.json', hasTensor: () => true })
  const weights = new Map<string, Float32Array>()
  const shapes = weightShapes(architecture)
  for (const [name, shape] of shapes)
    weights.set(
      name,
      new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(shape.length === 1 ? 1 : 0),
    )
  for (const [i, token] of script.entries()) {
    weights.get(architecture.embedding.weight.name)![token * hiddenSize + i] = 1
    weights.get(architecture.head.weight.name)![following(script, i) * hiddenSize + i] = 1
  }
  weights.get(architecture.head.weight.name)!.fill(2, sampleVocabulary * hiddenSize)
  const tensors = [...shapes].map(
    ([name, shape]) => [name, { dtype: 'F32', shape, data: weights.get(name)! }] as const,
  )
  await writeSafetensors(join(folder, 'model.safetensors'), Object.fromEntries(tensors))
  return script
}

/**
 * Writes a SpeLLM of a reciting model whose heads spell the same text in bytes.
 *
 * @param misspelled a token of the script that the heads don't know
 * @param words parts of the script that the heads spell at once
 * @param gates thresholds of gated mode, which lossless mode needs too
 */
export async function writeRecitingSpellm(
  folder: string,
  base: string,
  script: readonly number[],
  {
    misspelled,
    words = [],
    gates = [],
  }: {
    readonly misspelled?: number
    readonly words?: Words
    readonly gates?: readonly Gate[]
  } = {},
): Promise<void> {
  const { entries } = await openTokenizer(base)
  const speller = buildSpeller(entries, byteAlphabet(entries), k, undefined, words)
  const find = createUnitFinder(speller)
  const size = alphabetSize(speller.alphabet)
  const heads = new Float32Array(k * size * hiddenSize)
  for (const i of script.keys()) {
    const token = following(script, i)
    if (token === misspelled) continue
    const { unit } = find(script.slice(i + 1).concat(script))
    const symbols = [...spellingOf(speller, unit), endSymbol(speller.alphabet)]
    for (const [head, symbol] of symbols.slice(0, k).entries())
      heads[(head * size + symbol) * hiddenSize + i] = 1
  }
  await saveSpellm(
    folder,
    { path: base, sha256: await hashBaseModel(await openBaseModel(base)) },
    {
      speller,
      adapterWidths: [],
      weights: new Map([['heads.weight', heads]]),
      gates,
      precision: 'stored',
      hiddenSize,
    },
  )
}

const following = (script: readonly number[], i: number) => script[(i + 1) % script.length]!
