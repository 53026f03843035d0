/**
 * What commit 854e12d, the first format of runs and SpeLLMs, wrote: a run that was stopped, the same one finished, and what its
 * SpeLLM picks. Later versions must open them: src-main/conversion/format-1.test.ts.
 *
 * It runs within that commit's own tree, so that nothing of today's code takes part:
 *
 *   git worktree add --detach OLD 854e12d
 *   (cd OLD && npm ci)
 *   cp scripts/reference/format-1.mjs OLD/
 *   (cd OLD && SPELLM_DATA=$(mktemp -d) npx tsx format-1.mjs ABSOLUTE/PATH/OF/src-main/conversion/testing/format-1)
 *
 * The base model is a Llama of random weights with the first 63 merges of the sample's tokenizer; the text is the sample's
 * stories. What differs from what was written: in run.json and spellm.json the base model is at '/models/tiny' and the text at
 * '/texts/stories.txt', and the processor has no name.
 */
/* global AbortController */
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const out = process.argv[2]
const load = (path) => import(pathToFileURL(resolve(path)).href)
const { seededRandom } = await load('src-main/random.ts')
const { writeSafetensors } = await load('src-main/formats/safetensors.ts')
const { createTextGenerator, openModel } = await load('src-main/decode/text-generator.ts')
const { freeChooser, headSymbols, trieChooser } = await load('src-main/decode/chooser.ts')
const { convert, resumeConversion } = await load('src-main/worker/convert.ts')
const { parseConversionSettings } = await load('src-main/worker/settings.ts')
const { stories } = await load('resources/stories/stories.ts')

const config = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  hidden_act: 'silu',
  hidden_size: 16,
  intermediate_size: 24,
  max_position_embeddings: 32,
  num_attention_heads: 2,
  num_hidden_layers: 1,
  num_key_value_heads: 1,
  rms_norm_eps: 1e-5,
  rope_theta: 10000,
  tie_word_embeddings: true,
  vocab_size: 320,
  bos_token_id: 0,
  eos_token_id: 0,
}

async function writeModel(folder) {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'config.json'), JSON.stringify(config))
  const tokenizer = JSON.parse(await readFile('resources/sample-model/tokenizer.json', 'utf8'))
  const { vocab, merges } = tokenizer.model
  tokenizer.model.vocab = Object.fromEntries(Object.entries(vocab).filter(([, id]) => id < config.vocab_size))
  tokenizer.model.merges = merges.slice(0, config.vocab_size - 257)
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(tokenizer))

  const random = seededRandom(1)
  const [d, m, kv] = [config.hidden_size, config.intermediate_size, 8]
  const tensor = (shape, scale, around = 0) => ({
    dtype: 'F32',
    shape,
    data: Float32Array.from(
      { length: shape.reduce((a, b) => a * b) },
      () => around + scale * random.normal(),
    ),
  })
  const layer = 'model.layers.0'
  await writeSafetensors(join(folder, 'model.safetensors'), {
    'model.embed_tokens.weight': tensor([config.vocab_size, d], 1),
    [`${layer}.input_layernorm.weight`]: tensor([d], 0.2, 1),
    [`${layer}.self_attn.q_proj.weight`]: tensor([d, d], 0.5),
    [`${layer}.self_attn.k_proj.weight`]: tensor([kv, d], 0.5),
    [`${layer}.self_attn.v_proj.weight`]: tensor([kv, d], 0.5),
    [`${layer}.self_attn.o_proj.weight`]: tensor([d, d], 0.5),
    [`${layer}.post_attention_layernorm.weight`]: tensor([d], 0.2, 1),
    [`${layer}.mlp.gate_proj.weight`]: tensor([m, d], 0.5),
    [`${layer}.mlp.up_proj.weight`]: tensor([m, d], 0.5),
    [`${layer}.mlp.down_proj.weight`]: tensor([d, m], 0.5),
    'model.norm.weight': tensor([d], 0.2, 1),
  })
}

async function writeStories(path) {
  const told = []
  for (const story of stories(7)) if (told.push(story) === 150) break
  await writeFile(path, told.join('\n<|endoftext|>\n'))
}

/** The run, stopped at a step of its first tail. */
async function stopAt(step, folder, settings) {
  const stop = new AbortController()
  const onEvent = (event) => {
    if (event.type === 'step' && event.step === step) stop.abort()
  }
  await convert(folder, settings, { onEvent, signal: stop.signal, writesSamples: true }).then(
    () => {
      throw new Error('the run was not stopped')
    },
    (error) => {
      if (error.name !== 'CancelledError') throw error
    },
  )
}

/** What the SpeLLM makes of some states and of a prompt, in each way to decode. */
async function writePicks(run, model, path) {
  const opened = await openModel(run, { basePath: model })
  const generator = await createTextGenerator(opened)
  const { trunk, tail } = await generator.sessions()
  const ids = generator.promptTokens('Once upon a time there was a girl')
  const states = await trunk.forward(Int32Array.from(ids), trunk.createCache())
  const d = config.hidden_size
  const tokenize = (text) => generator.tokenizer.encode(text)
  const choosers = { trie: trieChooser(tail, null), free: freeChooser(tail, tokenize, null) }
  const positions = []
  for (let i = 0; i < ids.length; i++) {
    const hidden = states.slice(i * d, (i + 1) * d)
    const logProbabilities = await tail.logProbabilities(hidden)
    positions.push({
      hidden: [...hidden],
      symbols: [...headSymbols(tail.speller, logProbabilities)],
      largest: Math.max(...logProbabilities),
      trie: await choosers.trie.choose({ hidden }, []),
      free: await choosers.free.choose({ hidden }, []),
    })
  }
  const texts = {}
  for (const mode of ['base', 'trie', 'free', 'shortlist', 'gated', 'lossless']) {
    const options = { mode, sampling: null, maxTokens: 8, stop: [] }
    texts[mode] = []
    for await (const { token } of generator.write(ids, generator.createConversation(), options))
      if (token !== null) texts[mode].push(token)
  }
  await generator.release()
  await writeFile(path, `${JSON.stringify({ ids, positions, texts })}\n`)
}

/** Replaces what belongs to the machine that made it. */
async function forget(path) {
  const stored = JSON.parse(await readFile(path, 'utf8'))
  stored.base.path = '/models/tiny'
  if (stored.settings) stored.settings.base = stored.base.path
  if (stored.settings) stored.settings.texts = ['/texts/stories.txt']
  if (stored.environment) stored.environment.cpu = ''
  await writeFile(path, `${JSON.stringify(stored, null, 2)}\n`)
}

const [model, stopped, finished] = ['model', 'stopped', 'finished'].map((name) => join(out, name))
await rm(out, { recursive: true, force: true })
await writeModel(model)
const text = join(out, 'stories.txt')
await writeStories(text)
const settings = parseConversionSettings({
  base: model,
  texts: [text],
  tokens: 1_000,
  k: 3,
  alphabet: 'auto:24',
  adapterWidths: [8],
  epochs: 2,
  batchTokens: 256,
  samplingTail: true,
  checkpointSeconds: 86_400,
  device: 'cpu',
})
await stopAt(6, stopped, settings)
await cp(stopped, finished, { recursive: true })
await resumeConversion(finished, { onEvent: () => {}, writesSamples: true })
await writePicks(finished, model, join(out, 'picks.json'))

// What is in both, or can be computed again.
for (const name of ['cache', 'lock']) await rm(join(stopped, name), { recursive: true, force: true })
for (const name of ['lock', 'checkpoints', 'tokens.safetensors'])
  await rm(join(finished, name), { recursive: true, force: true })
await rm(text)
for (const path of [
  join(stopped, 'run.json'),
  join(finished, 'run.json'),
  join(finished, 'spellm/spellm.json'),
])
  await forget(path)
