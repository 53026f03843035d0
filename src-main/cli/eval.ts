import { Command } from 'commander'
import { stories } from '../../resources/stories/stories.ts'
import { defaultGateShare } from '../decode/calibrate-gate.ts'
import { defaultCandidates } from '../decode/shortlist.ts'
import { findSpellm, openSpellm } from '../decode/spellm.ts'
import { openTextGenerator } from '../decode/text-generator.ts'
import { evaluateText } from '../evaluate/evaluate-text.ts'
import type { Share } from '../evaluate/mode-agreement.ts'
import { measureRollOuts } from '../evaluate/roll-outs.ts'
import { readTexts } from '../formats/text-source.ts'
import { resolveModel } from '../hub/index.ts'
import type { DeviceChoice } from '../runtime/devices/device.ts'
import { decimal, integer } from './arguments.ts'
import { chosenDevice, deviceOption } from './device-option.ts'
import { formatShare, interruptSignal, progressBar, table } from './output.ts'

/** Stories that neither training nor conversion has seen. */
const evaluationSeed = 900_000
/** Of a document, how much begins a roll-out. */
const promptLength = 40
const rollOutTokens = 64

interface EvalOptions {
  readonly text?: string[]
  readonly positions: number
  readonly candidates: number
  readonly gateShare: number
  readonly rollouts: number
  readonly base?: string
  readonly device: DeviceChoice
  readonly json: boolean
}

/** `spellm eval`. */
export function evalCommand(): Command {
  return new Command('eval')
    .description('Measure how often a SpeLLM picks the token that its base model picks.')
    .argument('<folder>', "a run's or SpeLLM's folder")
    .option('--text <file...>', 'text or JSONL (default: new stories, which fit the sample model)')
    .option('--positions <n>', 'positions to compare, at least', integer(1), 20_000)
    .option('--candidates <n>', 'tokens that shortlist mode scores anew', integer(1, 1024), defaultCandidates)
    .option(
      '--gate-share <share>',
      "share of steps that gated mode gives to the base model's head",
      decimal(0, 1),
      defaultGateShare,
    )
    .option('--rollouts <n>', 'texts that each mode writes beside the base model', integer(0, 10_000), 16)
    .option('--base <folder>', 'where the base model is, if it has moved')
    .addOption(deviceOption())
    .option('--json', 'print as one line of JSON', false)
    .action(async (folder: string, options: EvalOptions) => {
      const path = findSpellm(folder) ?? folder
      const place = options.base === undefined ? {} : { basePath: await resolveModel(options.base) }
      const spellm = await openSpellm(path, place)
      const device = await chosenDevice(options.device)
      const signal = interruptSignal()
      const documents = () => (options.text ? readTexts(options.text) : stories(evaluationSeed))
      const bar = progressBar('Teacher', 'tokens')
      const { agreement, perplexity } = await evaluateText(spellm, documents(), {
        positions: options.positions,
        candidates: options.candidates,
        gateShare: options.gateShare,
        device,
        onProgress: (done, total) => bar.update(done, total),
        signal,
      })
      bar.end()
      const prompts = await beginnings(documents(), options.rollouts)
      const generator = await openTextGenerator(path, { ...place, device })
      const writing = progressBar('Roll-outs', 'texts')
      const modes = generator.modes.filter((mode) => mode !== 'base' && (mode !== 'gated' || agreement.gated))
      const rollOuts = await measureRollOuts(generator, prompts, {
        modes: modes.filter((mode) => mode !== 'lossless' || agreement.gated),
        tokens: rollOutTokens,
        onProgress: (done, total) => writing.update(done, total),
        signal,
      })
      writing.end()
      await generator.release()

      const { positions, trie, free, shortlist, gated } = agreement
      const shares = { trie, free, shortlist, ...(gated ? { gated } : {}) }
      if (options.json)
        console.log(
          JSON.stringify({
            agreement: {
              positions,
              ...Object.fromEntries(Object.entries(shares).map(([mode, { value }]) => [mode, value])),
            },
            intervals: Object.fromEntries(
              Object.entries(shares).map(([mode, { low, high }]) => [mode, [low, high]]),
            ),
            candidates: shortlist.candidates,
            gatedBaseShare: gated?.baseShare ?? null,
            perplexity: perplexity.perplexity,
            perplexityTokens: perplexity.tokens,
            rollOuts,
            device,
          }),
        )
      else
        console.log(
          table([
            [`agreement on ${positions.toLocaleString('en')} positions`, '95 % confidence'],
            ['  trie', formatInterval(trie)],
            ['  free', formatInterval(free)],
            [`  shortlist(${shortlist.candidates})`, formatInterval(shortlist)],
            ...(gated
              ? [[`  gated, ${formatShare(gated.baseShare)} by the base`, formatInterval(gated)] as const]
              : []),
            ['perplexity of the base model', perplexity.perplexity.toFixed(3)],
            [`texts of up to ${rollOutTokens} tokens`, "the base model's own"],
            ...rollOuts.map(
              ({ mode, identical, texts, medianTokens }) =>
                [
                  `  ${mode}`,
                  `${identical} of ${texts}; half of them for ${medianTokens} tokens or more`,
                ] as const,
            ),
            ['device', device],
          ]),
        )
    })
}

const formatInterval = ({ value, low, high }: Share) =>
  `${formatShare(value)}  (${formatShare(low)} to ${formatShare(high)})`

/** The beginnings of documents, cut at a space where there is one. */
async function beginnings(
  documents: AsyncIterable<string> | Iterable<string>,
  count: number,
): Promise<string[]> {
  const texts: string[] = []
  if (count === 0) return texts
  for await (const document of documents) {
    const text = document.trim().slice(0, promptLength)
    const space = text.lastIndexOf(' ')
    if (text !== '') texts.push(space > 0 ? text.slice(0, space) : text)
    if (texts.length === count) break
  }
  return texts
}
