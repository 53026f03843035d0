import type { AlphabetKind, RunResult } from '../../../src-main/contract/index.ts'
import {
  capitalised,
  formatCompact,
  formatCount,
  formatDuration,
  formatFixed,
  formatPercent,
  formatRoughDuration,
  formatSignificant,
} from '../format.ts'

type Verdict = NonNullable<RunResult['verdict']>

/** A share of the time a token; a smaller difference can't be told from none. */
const leastDifference = 0.03

function speedOf(speedup: number): string {
  if (speedup >= 1 + leastDifference) return `${formatSignificant(speedup, 3)} times as fast`
  if (speedup <= 1 - leastDifference) return `${formatPercent(1 - speedup, 0)} slower`
  return 'about as fast'
}

const kindNames: Record<AlphabetKind, string> = {
  spelling: 'a spelled alphabet',
  pieces: 'an alphabet of pieces',
  groups: 'learned groups',
}
/** A share of two speeds; differences within it vary from run to run. */
const sameSpeed = 0.02

interface KindSpeed {
  readonly kind: AlphabetKind
  readonly speedup: number
}

export const trainingStrings = {
  title: 'Run',
  notFound: (id: string) => `There is no run named ${id}`,
  notFoundRemedy: 'It may have been deleted, or the folder for runs was changed in Settings.',
  goHome: 'Show all runs',
  base: (name: string) => `from ${name}`,

  leaveQueue: 'Remove from queue',
  testInConsole: 'Test in the console',
  finishNow: 'Finish now',
  finishTitle: 'Finish this run now?',
  finishExplanation: (step: number, steps: number | null) =>
    `Training stops after the present step${steps === null ? '' : ` (${formatCount(step)} of ${formatCount(steps)})`}, and the SpeLLM is measured and saved as it is. The learning rate hasn’t come down yet, so its agreement will be somewhat lower than at the planned end. The run can’t be resumed afterwards.`,

  queuedExplanation: 'Starts when the runs before it have finished: one run trains at a time.',
  pausingExplanation: 'Finishing the present step and saving a checkpoint.',
  pausedExplanation:
    'A checkpoint is saved. A resumed run gives exactly the same result as an uninterrupted one.',
  interruptedExplanation:
    'The engine stopped while this run was active. You can resume it from its last checkpoint.',
  progress: 'Progress of this phase',
  progressValue: (done: number, total: number) => `${formatCompact(done)} of ${formatCompact(total)} tokens`,
  timeLeft: (seconds: number) => `${formatDuration(seconds)} left in this phase`,
  tokensPerSecond: (rate: number) => `${formatCount(rate)} tokens/s`,

  step: 'Step',
  stepOf: (step: number, steps: number | null) =>
    steps === null ? formatCount(step) : `${formatCount(step)} of ${formatCount(steps)}`,
  throughput: 'Throughput',
  device: 'Device',
  started: 'Created',
  latestLoss: 'Loss',
  latestAgreement: 'Agreement (trie)',
  unknown: '–',

  loss: 'Loss',
  lossRaw: 'each step',
  lossSmoothed: 'smoothed',
  lossLine: 'loss',
  smoothing: 'Smoothing',
  smoothingValue: (steps: number) => (steps === 1 ? 'off' : `${formatCount(steps)} steps`),
  logAxis: 'Log axis',
  overlay: 'Compare with',
  overlayPlaceholder: 'Other runs',
  overlayNothing: 'No other run has a curve',
  overlayLoading: 'Loading curves …',
  agreement: 'Agreement with the base',
  trie: 'trie',
  free: 'free',
  noEvaluation: 'Measured several times during training and at the end.',
  learningRate: 'Learning rate',
  gradientNorm: 'Gradient norm',
  speed: 'Tokens per second',
  divergence: 'Divergence of the tail for sampling',
  noSteps: 'The curves begin with the first training step.',
  loadingCurves: 'Loading the curves …',

  heads: 'Accuracy of each head',
  headsExplanation:
    'Share of positions at which a head predicts its character of the teacher’s token. Head 1 is the first character.',
  head: (head: number) => `Head ${head}`,
  headSummary: (head: number, latest: number, first: number) =>
    `Head ${head}: ${formatPercent(latest)}, initially ${formatPercent(first)}`,

  samples: 'What the models write',
  samplesExplanation:
    'The same prompt, continued greedily by the base model (above) and the SpeLLM (below), token by token. The SpeLLM decodes in the run’s mode; for gated and lossless, in trie mode, which they draw on.',
  noSamples: 'The first sample appears with the first measurement.',
  sampleStep: 'Sample at step',
  sampleStepOption: (step: number, isLatest: boolean) =>
    isLatest ? `${formatCount(step)} (latest)` : formatCount(step),
  previousSample: 'Earlier sample',
  nextSample: 'Later sample',
  prompt: 'Prompt',
  baseRow: 'Base',
  spellmRow: 'SpeLLM',
  sameTokens: (same: number, all: number) =>
    `${formatCount(same)} of ${formatCount(all)} positions are the same`,
  differenceLegend: 'differs',
  sampleAsText: (base: string, spellm: string) => `Base: ${base} SpeLLM: ${spellm}`,

  log: 'Log',
  noLog: 'Nothing to report yet.',
  level: { info: 'Info', warning: 'Warning', error: 'Error' },

  result: 'Result',
  verdict: ({ mode, speedup, sameText }: Verdict) => {
    const wrote = sameText
      ? `In ${mode} mode it wrote the base model’s text, token for token`
      : `In ${mode} mode its text differed from the base model’s in places`
    return speedup === null
      ? `${wrote}; the texts were too short to tell how fast.`
      : `${wrote}, and was ${speedOf(speedup)} on this machine.`
  },
  otherKind: (own: KindSpeed, other: KindSpeed) => {
    const speed = ({ kind, speedup }: KindSpeed) => `${kindNames[kind]} ${formatFixed(speedup, 2)} ×`
    const [slow, fast] = own.speedup < other.speedup ? [own, other] : [other, own]
    const gain = fast.speedup / slow.speedup - 1
    const finding =
      gain <= sameSpeed ? 'about the same' : `${kindNames[fast.kind]} faster by ${formatPercent(gain, 0)}`
    return `${capitalised(speed(other))}, ${speed(own)} the base model’s speed: ${finding}.`
  },
  otherKindRun: (id: string) => `See ${id}`,
  tryGroups: (seconds: number | null) =>
    `Try learned groups on this text${seconds === null ? '' : ` (about ${formatRoughDuration(seconds)})`}`,
  tryGroupsExplanation:
    'Another run with the same settings otherwise. It spells nothing: rare tokens come in groups, and the likeliest groups are scored exactly.',
  resultSource: 'Weights of the base model',
  resultSourceValue: (source: string) => `from ${source}`,
  resultSymbols: 'Token symbols',
  resultTailShare: (share: number) =>
    `a token without a doubt reads ${formatPercent(share, 0)} of the LM head’s bytes`,
  resultTrie: 'Agreement, trie',
  resultFree: 'Agreement, free',
  resultPositions: (positions: number) => `on ${formatCount(positions)} held-out positions`,
  resultLoss: 'Loss at the end',
  resultSeconds: 'Time',
  resultSteps: 'Steps',
  resultTokens: 'Tokens learnt from',
  resultTail: 'Tail',
  resultTailAgainstHead: (tail: number, head: number) =>
    `${formatCompact(tail)} parameters instead of the LM head’s ${formatCompact(head)} (${formatPercent(tail / head, 0)})`,

  settings: 'Settings',
  settingBase: 'Base model',
  settingTexts: 'Text',
  sampleStories: 'The sample’s stories',
  selfWritten: 'Written by the base model',
  answersTo: (files: string) => `The base model’s answers to ${files}`,
  settingTokens: 'Budget',
  settingTokensValue: (tokens: number) => `${formatCount(tokens)} tokens`,
  settingUnits: 'Each step writes',
  settingK: 'Heads (k)',
  settingAlphabet: 'Alphabet',
  settingAlphabetSize: (specification: string, size: number) =>
    `${specification} (${formatCount(size)} symbols)`,
  settingSymbols: 'Token symbols',
  settingSymbolsAutomatic: 'automatic',
  settingSymbolsNone: 'none',
  settingContext: 'Context symbols',
  settingContextValue: (count: number) => `up to ${formatCount(count)}`,
  settingObjective: 'Learns from',
  objectives: { soft: 'the base model’s distribution', hard: 'the base model’s choices' },
  settingAdapter: 'Adapter widths',
  adapterDefault: 'sized to the model',
  adapterNone: 'no adapter',
  settingEpochs: 'Epochs',
  settingBatch: 'Batch',
  settingRates: 'Peak learning rates',
  settingRatesValue: (adapter: number, heads: number) =>
    `adapter ${formatSignificant(adapter)}, heads ${formatSignificant(heads)}`,
  settingSeed: 'Seed',
  settingMode: 'Decode mode',
  settingPrecision: 'Weights of the base model',
  settingSampling: 'Tail for sampling',
  samplingLearnt: 'learnt',
  samplingNone: 'none',
  settingCache: 'Teacher cache',
  cacheKept: 'kept',
  cacheDeleted: 'deleted at the end',
  cacheText: 'text and states kept if the disk has room',
  settingFolder: 'Folder',
  showFolder: 'Show in the file manager',
  copyFolder: 'Copy the path',
  copied: 'Copied',
}
