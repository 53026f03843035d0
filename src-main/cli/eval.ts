import { Command } from 'commander'
import { stories } from '../../resources/stories/stories.ts'
import { fitToDevice } from '../decode/golden-check.ts'
import { textsAtOnce } from '../decode/side-by-side.ts'
import { findSpellm, openSpellm, type Spellm } from '../spellm/spellm.ts'
import { createTextGenerator, modelOfSpellm, type TextGenerator } from '../decode/text-generator.ts'
import { evaluateText } from '../evaluate/evaluate-text.ts'
import { evaluationFigures, type TaskEvaluation } from '../evaluate/evaluation.ts'
import { teacherForcedModes } from '../evaluate/mode-agreement.ts'
import { resultsPage } from '../evaluate/page/results-page.ts'
import { measureRollOuts } from '../evaluate/roll-outs.ts'
import { choiceResults, scoreChoiceTasks } from '../evaluate/tasks/choice-tasks.ts'
import { exactResults, writeExactTasks, type WrittenExactTask } from '../evaluate/tasks/exact-tasks.ts'
import { createSymbolReader } from '../evaluate/symbol-text.ts'
import { createSequenceScorer } from '../evaluate/tasks/sequence-scorer.ts'
import { createSymbolScorer } from '../evaluate/tasks/symbol-scorer.ts'
import { readTaskFile, type TaskFile } from '../evaluate/tasks/task-file.ts'
import { writeFileAtomically } from '../formats/atomic-file.ts'
import { readTexts } from '../formats/text-source.ts'
import { resolveModel } from '../hub/index.ts'
import { openHeadRows } from '../models/head-rows.ts'
import type { Precision } from '../models/precision.ts'
import type { DeviceChoice } from '../runtime/devices/device.ts'
import { integer } from './arguments.ts'
import { chosenDevice, deviceOption } from './device-option.ts'
import { evaluationTable } from './eval-table.ts'
import { fetchNamedTasks, parseTasks, scoreNamedTasks, taskNames, type ChoiceScoring } from './eval-tasks.ts'
import { candidatesOption, gateShareOption, measuredModesOption } from './mode-options.ts'
import { interruptSignal, progressBar } from './output.ts'
import { precisionOption } from './precision-option.ts'
import { decodeModes, type DecodeMode } from '../spellm/decode-modes.ts'

/** Stories that neither training nor conversion has seen. */
const evaluationSeed = 900_000
/** Of a document, how much begins a roll-out. */
const promptLength = 40
const rollOutTokens = 64

interface EvalOptions {
  readonly text?: string[]
  readonly positions: number
  readonly mode?: DecodeMode[]
  readonly candidates: number
  readonly gateShare: number
  readonly rollouts: number
  readonly tasks: string[]
  readonly limit?: number
  readonly report?: string
  readonly base?: string
  readonly device: DeviceChoice
  readonly precision?: Precision
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
    .addOption(measuredModesOption())
    .addOption(candidatesOption())
    .addOption(gateShareOption())
    .option('--rollouts <n>', 'texts that each mode writes beside the base model', integer(0, 10_000), 16)
    .option('--tasks <task...>', 'tasks by name, and files of tasks in JSONL', [])
    .option('--limit <n>', 'questions of each task by name (default: all)', integer(1, 1_000_000))
    .option('--report <file>', 'write a results page in HTML, with examples')
    .option('--base <folder>', 'where the base model is, if it has moved')
    .addOption(deviceOption())
    .addOption(precisionOption("the base model's weights (default: as the SpeLLM has learnt)"))
    .option('--json', 'print as one line of JSON', false)
    .addHelpText('after', `\nTasks by name: ${taskNames.join(', ')}.`)
    .action(async (folder: string, options: EvalOptions) => {
      const signal = interruptSignal()
      const asked = parseTasks(options.tasks)
      const taskFiles = await Promise.all(asked.files.map(readTaskFile))
      const namedTasks = await fetchNamedTasks(asked.named, { limit: options.limit, signal })
      const path = findSpellm(folder) ?? folder
      const quantizing = progressBar('Quantising', 'weights')
      const place = {
        precision: options.precision,
        quantization: { onQuantize: (done: number, total: number) => quantizing.update(done, total) },
        ...(options.base === undefined ? {} : { basePath: await resolveModel(options.base) }),
      }
      const opened = await openSpellm(path, place)
      quantizing.end()
      const device = await chosenDevice(options.device)
      const base = await fitToDevice(opened.base, device, (message) => console.error(message))
      const spellm = { ...opened, base }
      const documents = () => (options.text ? readTexts(options.text) : stories(evaluationSeed))
      const modes = modesOf(options.mode, spellm)
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

      const generator = await createTextGenerator(modelOfSpellm(path, spellm), { device, texts: textsAtOnce })
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
      const total =
        taskFiles.reduce((sum, { choice, exact }) => sum + choice.length + exact.length, 0) +
        namedTasks.reduce((sum, { questions }) => sum + questions.length, 0)
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
      const needsScores = namedTasks.length > 0 || taskFiles.some(({ choice }) => choice.length > 0)
      const scoring = needsScores ? await openScoring(generator, spellm) : null
      const tasks = await withChoices(scoring, taskFiles, { onProgress, signal }, (file) => {
        const ofFile = written.get(file)!
        return ofFile.length === 0 ? null : { results: exactResults(ofFile, writers), written: ofFile }
      })
      const named = scoring ? await scoreNamedTasks(scoring, namedTasks, { onProgress, signal }) : []
      bar.end()
      await scoring?.release()
      await generator.release()

      const evaluation = { spellm: path, modes, text, gateShare, rollOuts, tasks, namedTasks: named, device }
      if (options.report !== undefined)
        await writeFileAtomically(options.report, (file) => file.writeFile(resultsPage(evaluation)))
      if (options.json) console.log(JSON.stringify(evaluationFigures(evaluation)))
      else console.log(evaluationTable(evaluation, rollOutTokens))
    })
}

/** What is asked for; without a wish, all that the SpeLLM has: two modes need thresholds. */
function modesOf(asked: readonly DecodeMode[] | undefined, spellm: Spellm): DecodeMode[] {
  if (asked) return decodeModes.filter((known) => asked.includes(known))
  const canAsk = spellm.gates.length > 0 || spellm.doubts !== null
  return decodeModes.filter((known) => canAsk || (known !== 'gated' && known !== 'lossless'))
}

/** What says how likely texts are, until it is released. */
async function openScoring(
  generator: TextGenerator,
  spellm: Spellm,
): Promise<ChoiceScoring & { release(): Promise<void> }> {
  const { trunk, head, tail } = await generator.sessions()
  const { base, tokenizer, forEachText, device } = generator
  const model = { tokenizer, architecture: base.architecture, forEachText }
  if (tail) return { scorer: createSequenceScorer(trunk, head, tail), model, release: async () => {} }
  const rows = openHeadRows(base)
  const reader = await createSymbolReader(spellm, rows, device)
  const release = async () => {
    await reader.release()
    rows.close()
  }
  return { scorer: createSymbolScorer(trunk, head, reader), model, release }
}

/**
 * Scores the multiple-choice tasks of some files, and puts them beside the other tasks.
 *
 * @param scoring null: there are none
 */
async function withChoices(
  scoring: ChoiceScoring | null,
  files: readonly TaskFile[],
  options: Parameters<typeof scoreChoiceTasks>[4],
  exactOf: (file: string) => TaskEvaluation['exact'],
): Promise<TaskEvaluation[]> {
  if (!scoring) return files.map(({ path }) => ({ file: path, choice: null, exact: exactOf(path) }))
  const { scorer, model } = scoring
  const evaluations: TaskEvaluation[] = []
  for (const { path, choice } of files) {
    const scored = await scoreChoiceTasks(scorer, model, path, choice, options)
    evaluations.push({
      file: path,
      choice: scored.length === 0 ? null : { results: choiceResults(scored), scored },
      exact: exactOf(path),
    })
  }
  return evaluations
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
