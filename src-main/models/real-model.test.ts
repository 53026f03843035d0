import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { baseChooser, createBaseHead } from '../decode/chooser.ts'
import { generate, newKvContext } from '../decode/generate.ts'
import { openChatTemplate, renderChat } from '../tokenizer/chat-template.ts'
import { openTokenizer } from '../tokenizer/index.ts'
import { hashBaseModel } from './base-model-hash.ts'
import { openBaseModel } from './base-model.ts'
import { openHeadRows } from './head-rows.ts'
import { inPrecision } from './precision.ts'
import { hasRealModel, realModelFile } from './testing/real-model.ts'
import { createTrunkSession } from './trunk-session.ts'

const ids = z.array(z.int())
const expected = z
  .object({
    sha256: z.string(),
    texts: z.array(z.object({ text: z.string(), ids })),
    prompts: z.array(z.object({ text: z.string(), ids, greedy: ids })),
    logits: z.array(z.tuple([z.int(), z.number()])),
  })
  .parse(JSON.parse(await readFile(join(import.meta.dirname, 'testing/real-model.json'), 'utf8')))

describe.skipIf(!hasRealModel('SmolLM2-135M-Instruct in Q4_1 against transformers'))(
  'SmolLM2-135M-Instruct in Q4_1',
  () => {
    it('is described by its file', async () => {
      const model = await openBaseModel(realModelFile)
      expect(await hashBaseModel(model)).toBe(expected.sha256)
      expect(model).toMatchObject({
        dtype: 'Q4_1',
        stopTokens: [2],
        architecture: { family: 'llama', hiddenSize: 576, vocabularySize: 49_152, tiedHead: true },
      })
    })

    it('has the ids and the chat template of transformers', async () => {
      const tokenizer = await openTokenizer(realModelFile)
      for (const { text, ids } of expected.texts) expect(tokenizer.encode(text), text).toEqual(ids)
      const template = await openChatTemplate(realModelFile)
      const prompt = renderChat(template!, [{ role: 'user', content: 'What is gravity?' }], {
        addGenerationPrompt: true,
      })
      expect(prompt).toBe(expected.prompts[0]!.text)
    })

    it('has the same weights in its own blocks, and nearly always the same choices: only activations are rounded', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'spellm-real-'))
      try {
        const opened = await openBaseModel(realModelFile)
        const model = await inPrecision(opened, 'kept', { folder })
        const { hiddenSize: d, head: lmHead } = model.architecture
        const rows = openHeadRows(model)
        const first = 20_000
        const ids = Array.from({ length: 500 }, (_, i) => first + i)
        expect(rows.read(ids)).toEqual(
          await opened.checkpoint.readRows(lmHead.weight.name, first, ids.length),
        )
        rows.close()
        const trunk = await createTrunkSession(model)
        const head = await createBaseHead(model)
        let [same, all] = [0, 0]
        for (const { ids, greedy } of expected.prompts) {
          const hidden = await trunk.forward(Int32Array.from([...ids, ...greedy]), trunk.createCache())
          const last = ids.length - 1
          const choices = await head.greedyRows(hidden.slice(last * d, (last + greedy.length) * d))
          same += greedy.filter((token, i) => choices[i] === token).length
          all += greedy.length
        }
        console.log(`blocks kept: ${same} of ${all} choices of transformers in float32`)
        expect(same / all).toBeGreaterThan(0.94)
        await Promise.all([head.release(), trunk.release()])
      } finally {
        await rm(folder, { recursive: true })
      }
    }, 300_000)

    it('says what it says in transformers: 64 greedy tokens of each prompt', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'spellm-real-'))
      try {
        const model = await inPrecision(await openBaseModel(realModelFile), 'stored', { folder })
        const trunk = await createTrunkSession(model)
        const head = await createBaseHead(model)
        const options = { maxTokens: 64, stopTokens: [], contextLength: 8_192 }
        for (const { ids, greedy, text } of expected.prompts) {
          const said: number[] = []
          const conversation = newKvContext(trunk)
          for await (const token of generate(trunk, baseChooser(head, null), conversation, ids, options))
            said.push(token)
          expect(said, text).toEqual(greedy)
        }
        const hidden = await trunk.forward(Int32Array.from(expected.prompts[0]!.ids), trunk.createCache())
        const logits = await head.logits(hidden.slice(-model.architecture.hiddenSize))
        for (const [token, logit] of expected.logits) expect(logits[token]).toBeCloseTo(logit, 3)
        await head.release()
        await trunk.release()
      } finally {
        await rm(folder, { recursive: true })
      }
    }, 300_000)
  },
)
