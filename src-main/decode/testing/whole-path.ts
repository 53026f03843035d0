/**
 * Everything that a conversion and its result compute, small, on the device named by the first argument; prints
 * what came of it as one line of JSON. A program of its own, because a device's driver may end the process.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { distill } from '../../distill/distill.ts'
import { fillTeacherCache, planTeacherCache, readChunk } from '../../distill/teacher-cache.ts'
import { defaultDistillSettings } from '../../distill/train-tail.ts'
import { openBaseModel } from '../../models/base-model.ts'
import { openHeadRows } from '../../models/head-rows.ts'
import { createTrunkSession, createWindowSession, type TrunkSession } from '../../models/trunk-session.ts'
import { seededRandom } from '../../base/random.ts'
import { deviceSchema } from '../../runtime/devices/device.ts'
import { parametersOf } from '../../runtime/trainer/index.ts'
import { customAlphabet } from '../../spelling/alphabet.ts'
import { buildSpeller } from '../../spelling/speller.ts'
import { ordinary } from '../../spelling/testing/vocabulary.ts'
import { baseChooser, createBaseHead, freeChooser, trieChooser, type Chooser } from '../chooser.ts'
import { generate, newKvContext, readTokens, type KvContext } from '../generate.ts'
import { fitToDevice } from '../device-parity.ts'
import { generateLossless } from '../lossless.ts'
import { spellingDrafter } from '../spelling-drafter.ts'
import { createTailSession, tailOf, tailShape } from '../../spellm/tail-session.ts'

const device = deviceSchema.parse(process.argv[2])
const opened = await openBaseModel(join(import.meta.dirname, '../../models/testing/gqa-tied'))
const model = await fitToDevice(opened, device, console.error)
const { hiddenSize, vocabularySize, contextLength } = model.architecture

const letters = 'abcdefghij'
const vocabulary = Array.from({ length: vocabularySize }, (_, i) =>
  ordinary(String(i).replace(/\d/g, (digit) => letters[Number(digit)]!)),
)
const speller = buildSpeller(vocabulary, customAlphabet(letters, vocabulary), 2)

// The teacher reads random tokens.
const folder = await mkdtemp(join(tmpdir(), 'spellm-whole-path-'))
const cache = planTeacherCache(folder, { batch: 2, tokens: 16, hiddenSize }, 32)
const random = seededRandom(7)
const ids = Int32Array.from({ length: cache.chunks * cache.positionsPerChunk }, () =>
  random.below(vocabularySize),
)
await fillTeacherCache(cache, ids, (batch) => createWindowSession(model, { batch, tokens: 16, device }))
const choices: number[] = []
for (let chunk = 0; chunk < cache.chunks; chunk++) choices.push(...(await readChunk(cache, chunk)).choices)

const shape = tailShape(hiddenSize, [64], speller)
const losses: number[] = []
const settings = { ...defaultDistillSettings, batchTokens: 64, epochs: 3 }
const state = await distill({ shape, speller }, cache, settings, {
  device,
  text: ids,
  onStep: ({ loss }) => Promise.resolve(void losses.push(loss)),
})
await rm(folder, { recursive: true })

const weights = parametersOf(state)
/** Without and with tail and head in the trunk's own pass. */
const trunks = [
  await createTrunkSession(model, { device }),
  await createTrunkSession(model, { device, tails: { tail: tailOf(shape, weights) }, hasHead: true }),
]
const head = await createBaseHead(model, { device })
const tail = {
  ...(await createTailSession(shape, weights, speller, { device })),
  outputHead: 'tail',
} as const
const rows = openHeadRows(model)
const prompt = [1, 17, 42, 5, 63]
const options = { maxTokens: 20, stopTokens: [], contextLength }
/** The same text by each trunk, one after the other. */
const written = async (write: (trunk: TrunkSession, kvContext: KvContext) => AsyncIterable<number>) => {
  const tokens: number[] = []
  for (const trunk of trunks) {
    const kvContext = newKvContext(trunk)
    // A pass that asks for neither tail nor head.
    await readTokens(trunk, kvContext, prompt.slice(0, 2), 'none')
    for await (const token of write(trunk, kvContext)) tokens.push(token)
  }
  return tokens
}
const chosen = (chooser: Chooser) =>
  written((trunk, kvContext) => generate(trunk, chooser, kvContext, prompt, options))
const texts = {
  base: await chosen(baseChooser(head, null)),
  trie: await chosen(trieChooser(tail, null)),
  free: await chosen(freeChooser(tail, () => [], null)),
  lossless: await written((trunk, kvContext) =>
    generateLossless(
      {
        trunk,
        drafter: spellingDrafter({ tail, rows, threshold: 0 }),
        head: { choices: (hidden) => head.greedyRows(hidden), logits: (hidden) => head.logits(hidden) },
      },
      kvContext,
      prompt,
      options,
    ),
  ),
}
rows.close()
for (const trunk of trunks) await trunk.release()
await head.release()
await tail.release()
console.log(JSON.stringify({ choices, losses, texts }))
