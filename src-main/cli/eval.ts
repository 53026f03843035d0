import { Command, InvalidArgumentError, Option } from 'commander'
import { stories } from '../../resources/stories/stories.ts'
import { defaultGateShare } from '../decode/calibrate-gate.ts'
import { createBaseHead, decodeModes, type DecodeMode } from '../decode/chooser.ts'
import { defaultCandidates } from '../decode/shortlist.ts'
import { findSpellm, openSpellm, type Spellm } from '../decode/spellm.ts'
import { createTailSession, tailBits, tailShape } from '../decode/tail-session.ts'
import { openTextGenerator } from '../decode/text-generator.ts'
import { evaluateText } from '../evaluate/evaluate-text.ts'
import { evaluationFigures, type TaskEvaluation } from '../evaluate/evaluation.ts'
import { teacherForcedModes } from '../evaluate/mode-agreement.ts'
import { resultsPage } from '../evaluate/page/results-page.ts'
import { measureRollOuts } from '../evaluate/roll-outs.ts'
import { choiceResults, scoreChoiceTasks } from '../evaluate/tasks/choice-tasks.ts'
import { exactResults, writeExactTasks, type WrittenExactTask } from '../evaluate/tasks/exact-tasks.ts'
import { createSequenceScorer } from '../evaluate/tasks/sequence-scorer.ts'
import { readTaskFile, type TaskFile } from '../evaluate/tasks/task-file.ts'
import { writeFileAtomically } from '../formats/atomic-file.ts'
import { readTexts } from '../formats/text-source.ts'
import { resolveModel } from '../hub/index.ts'
import { createTrunkSession } from '../models/trunk-session.ts'
import type { Device, DeviceChoice } from '../runtime/devices/device.ts'
import { decimal, integer } from './arguments.ts'
import { chosenDevice, deviceOption } from './device-option.ts'
import { evaluationTable } from './eval-table.ts'
import { interruptSignal, progressBar } from './output.ts'

/** Stories that neither training nor conversion has seen. */
const evaluationSeed = 900_000
/** Of a document, how much begins a roll-out. */
const promptLength = 40
const rollOutTokens = 64

interface EvalOptions {
  readonly text?: string[]
  readonly positions: number
  readonly modes?: DecodeMode[]
  readonly mode?: DecodeMode
  readonly candidates: number
  readonly gateShare: number
  readonly rollouts: number
  readonly tasks: string[]
  readonly report?: string
  readonly base?: string
  readonly device: DeviceChoice
  readonly json: boolean
}

/** `spellm eval`. */
export function evalCommand(): Command {
  return new Command('eval')
    .description(
      'Measure how a SpeLLM does beside its base model: agreement, perplexity, its own texts, tasks.',
    )
    .argument('<folder>', "a run's or SpeLLM's folder")
    .option('--text <file...>', 'text or JSONL (default: new stories, which fit the sample model)')
    .option('--positions <n>', 'positions to compare, at least', integer(1, 100_000_000), 20_000)
    .option('--modes <list>', 'modes to measure, separated by commas (default: all)', modeList)
    .addOption(
      new Option('--mode <mode>', 'the only mode to measure').choices([...decodeModes]).conflicts('modes'),
    )
    .option('--candidates <n>', 'tokens that shortlist mode scores anew', integer(1, 1024), defaultCandidates)
    .option(
      '--gate-share <share>',
      "share of steps that gated mode gives to the base model's head",
      decimal(0, 1),
      defaultGateShare,
    )
    .option('--rollouts <n>', 'texts that each mode writes beside the base model', integer(0, 10_000), 16)
    .option('--tasks <file...>', 'multiple-choice and exact-match tasks in JSONL', [])
    .option('--report <file>', 'write a results page in HTML, with examples')
    .option('--base <folder>', 'where the base model is, if it has moved')
    .addOption(deviceOption())
    .option('--json', 'print as one line of JSON', false)
    .action(async (folder: string, options: EvalOptions) => {
      const taskFiles = await Promise.all(options.tasks.map(readTaskFile))
      const path = findSpellm(folder) ?? folder
      const place = options.base === undefined ? {} : { basePath: await resolveModel(options.base) }
      const spellm = await openSpellm(path, place)
      const device = await chosenDevice(options.device)
      const signal = interruptSignal()
      const documents = () => (options.text ? readTexts(options.text) : stories(evaluationSeed))
      const modes = modesOf(options, spellm)
      const { candidates, gateShare } = options

      const reading = progressBar('Reading', 'tokens')
      const text = await evaluateText(spellm, documents(), {
        positions: options.positions,
        modes: teacherForcedModes.filter((mode) => modes.includes(mode)),
        candidates,
        gateShare,
        device,
        onProgress: (done, total) => reading.update(done, total),
        signal,
      })
      reading.end()

      const generator = await openTextGenerator(path, { ...place, device })
      const writing = progressBar('Roll-outs', 'texts')
      const rollOuts = await measureRollOuts(generator, await beginnings(documents(), options.rollouts), {
        modes,
        tokens: rollOutTokens,
        candidates,
        gateShare,
        onProgress: (done, total) => writing.update(done, total),
        signal,
      })
      writing.end()
      const written = new Map<string, WrittenExactTask[]>()
      const bar = progressBar('Tasks', 'tasks')
      const total = taskFiles.reduce((sum, { choice, exact }) => sum + choice.length + exact.length, 0)
      let done = 0
      const onProgress = () => bar.update(++done, total)
      const writers = ['base', ...modes] as const
      for (const { path: file, exact } of taskFiles)
        written.set(
          file,
          await writeExactTasks(generator, writers, file, exact, {
            candidates,
            gateShare,
            onProgress,
            signal,
          }),
        )
      await generator.release()
      const tasks = await withChoices(spellm, device, taskFiles, { onProgress, signal }, (file) => {
        const ofFile = written.get(file)!
        return ofFile.length === 0 ? null : { results: exactResults(ofFile, writers), written: ofFile }
      })
      bar.end()

      const evaluation = { spellm: path, modes, text, gateShare, rollOuts, tasks, device }
      if (options.report !== undefined)
        await writeFileAtomically(options.report, (file) => file.writeFile(resultsPage(evaluation)))
      if (options.json) console.log(JSON.stringify(evaluationFigures(evaluation)))
      else console.log(evaluationTable(evaluation, rollOutTokens))
    })
}

function modeList(text: string): DecodeMode[] {
  return text.split(',').map((name) => {
    const mode = decodeModes.find((known) => known === name.trim())
    if (mode) return mode
    throw new InvalidArgumentError(`Allowed are ${decodeModes.join(', ')}.`)
  })
}

/** What is asked for; without a wish, all that the SpeLLM has: two modes need thresholds. */
function modesOf({ modes, mode }: EvalOptions, { gates }: Spellm): DecodeMode[] {
  const asked = mode ? [mode] : modes
  if (asked) return decodeModes.filter((known) => asked.includes(known))
  return decodeModes.filter((known) => gates.length > 0 || (known !== 'gated' && known !== 'lossless'))
}

/** Scores the multiple-choice tasks of some files, and puts them beside the other tasks. */
async function withChoices(
  { base, precision, tokenizer, speller, adapterWidths, weights }: Spellm,
  device: Device,
  files: readonly TaskFile[],
  options: Parameters<typeof scoreChoiceTasks>[5],
  exactOf: (file: string) => TaskEvaluation['exact'],
): Promise<TaskEvaluation[]> {
  if (files.every(({ choice }) => choice.length === 0))
    return files.map(({ path }) => ({ file: path, choice: null, exact: exactOf(path) }))
  const trunk = await createTrunkSession(base, { device })
  const head = await createBaseHead(base, { device })
  const tail = await createTailSession(
    tailShape(base.architecture.hiddenSize, adapterWidths, speller),
    weights,
    speller,
    { device, ...tailBits(precision, device) },
  )
  try {
    const scorer = createSequenceScorer(trunk, head, tail)
    const evaluations: TaskEvaluation[] = []
    for (const { path, choice } of files) {
      const scored = await scoreChoiceTasks(scorer, tokenizer, base.architecture, path, choice, options)
      evaluations.push({
        file: path,
        choice: scored.length === 0 ? null : { results: choiceResults(scored), scored },
        exact: exactOf(path),
      })
    }
    return evaluations
  } finally {
    await trunk.release()
    await head.release()
    await tail.release()
  }
}

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
