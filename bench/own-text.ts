/**
 * Lets a model write its own conversations into a teacher cache, and says how fast:
 *
 *   npx tsx bench/own-text.ts MODEL FOLDER --rounds 3 --seed 100 [--greedy] [--sequences 16] [--plain-texts 8]
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { mkdir } from 'node:fs/promises'
import { writeChunk } from '../src-main/distill/teacher-chunk.ts'
import { conversationPieces } from '../src-main/distill/own-text/conversation-pieces.ts'
import { ownTextShape } from '../src-main/distill/own-text/shape.ts'
import { createOwnTextWriter } from '../src-main/distill/own-text/writer.ts'
import { openChatTemplate } from '../src-main/tokenizer/chat-template.ts'
import { openBaseModel, openModelTokenizer } from '../src-main/models/base-model.ts'
import { modelFolder } from '../src-main/models/model-folder.ts'

/** What keys and values of the sequences may take. */
const keyValueBytes = 4e9

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '1' },
    seed: { type: 'string', default: '0' },
    greedy: { type: 'boolean', default: false },
    sequences: { type: 'string' },
    /** One sequence in this many is of plain texts. */
    'plain-texts': { type: 'string' },
  },
})
const [reference = 'sample', folder = 'bench/results/own-text'] = positionals
const base = await openBaseModel(modelFolder(reference))
const tokenizer = await openModelTokenizer(base)
const { pieces, notice } = conversationPieces(await openChatTemplate(base.folder), tokenizer, base)
if (notice !== null) console.error(notice)
const room = ownTextShape(base.architecture, pieces, { memoryBytes: keyValueBytes, device: 'cpu' })
const shape = values.sequences ? { ...room, sequences: Number(values.sequences) } : room
await mkdir(folder, { recursive: true })
let shown = 0
const writer = await createOwnTextWriter(base, tokenizer, pieces, {
  ...shape,
  seed: Number(values.seed),
  answers: values.greedy ? 'greedy' : 'sampled',
  questions: null,
  ...(values['plain-texts'] === undefined
    ? {}
    : { plainTexts: { every: Number(values['plain-texts']), prefix: tokenizer.frame.before } }),
  onConversation: ({ ids }, start, end) => {
    if (shown++ < 3) console.log(`--- ${tokenizer.decode(ids.slice(start, end))}`)
  },
})
for (let round = 0; round < Number(values.rounds); round++) {
  const started = performance.now()
  const written = await writer.write(round)
  const seconds = (performance.now() - started) / 1000
  const positions = written.ids.length
  await writeChunk(
    { folder: join(folder), chunk: round, positions, hiddenSize: base.architecture.hiddenSize },
    'own text',
    written,
  )
  console.log(
    `round ${round}: ${positions} tokens in ${seconds.toFixed(0)} s, ${(positions / seconds).toFixed(0)} a second`,
  )
}
await writer.release()
