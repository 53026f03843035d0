import {
  formatBytes,
  formatCompact,
  formatCount,
  formatPercent,
  formatRoughDuration,
  plural,
} from '../../format.ts'

/** What the heads learn from, and how long. */
export const trainingStepStrings = {
  heading: 'What should the heads learn from?',
  source: 'Text',
  sources: {
    stories: 'The sample’s stories',
    selfWritten: 'The model writes its own',
    questions: 'Your users’ questions',
    files: 'Text files',
  },
  sourceDescriptions: {
    stories: 'Children’s stories from the generator that the sample model learnt from, but new ones.',
    selfWritten: 'No data needed: the model writes its own practice text first, which takes longer.',
    questions:
      'The base model answers them, and the heads learn from its answers: one question per line, or .jsonl with “question”, “prompt” or “messages”.',
    files: 'Text like what the model should write: .txt, or .jsonl with a “text” field.',
  },
  addFiles: 'Add files …',
  addPath: 'Path of a text file',
  addPathPlaceholder: '/path/to/text.txt',
  add: 'Add',
  removeFile: (path: string) => `Remove ${path}`,
  files: 'Chosen files',
  filesDrop: 'Browse, type a path, or drop files here.',
  pickTitle: 'Choose text files',
  preview: 'Preview',
  previewSize: (bytes: number, tokens: number | null) =>
    tokens === null
      ? formatBytes(bytes)
      : `${formatBytes(bytes)}, about ${plural(tokens, 'token', 'tokens')}`,
  previewGenerated: 'Generated as needed: enough for any budget.',
  previewSelfWritten: 'Nothing to preview: the base model writes the text when the run starts.',
  document: (number: number) => `Document ${number}`,
  amount: 'How long to train',
  budget: 'Training tokens',
  budgetDescription: 'More tokens raise the agreement and take proportionally longer.',
  budgetPresets: 'Budgets to choose from',
  budgetPreset: (tokens: number) => formatCompact(tokens),
  shortText: (text: number, budget: number) =>
    `The text has about ${plural(text, 'token', 'tokens')}, less than the ${formatCount(budget)} asked for. All of it is used.`,
  device: 'Device',
  mode: 'Decode mode',
  modeText:
    'The default mode of this SpeLLM, stored with it; you can choose another one each time. What it learns is the same for all modes.',
  modes: {
    lossless: 'Identical text (recommended): the SpeLLM writes, and the base model verifies every token.',
    gated: 'Asks the base model when unsure: its whole head decides one token in twenty.',
    trie: 'Picks the best of the 8 best spelled tokens by the base model’s rows: always a valid token, usually the base model’s choice.',
    free: 'Least work, lowest agreement: what the heads’ best characters spell, completed if it begins only one token.',
  },
  sampling: 'Train a second tail for sampling',
  samplingText:
    'With it, trie mode draws with nearly the base model’s own probabilities at temperatures above 0; without it the SpeLLM is too sure of its first choice. Takes more training time and memory (see the estimate) and as much disk space as the tail again; decoding costs the same.',
  samplingSymbols: 'Not needed: token symbols have the base model’s probabilities without it.',
  samplingWords: 'Not available: it learns the probabilities of tokens, not those of whole words.',
  advanced: 'Advanced settings',
  advancedChanged: (count: number) => `${formatCount(count)} changed`,
  precisions: { stored: 'As stored', kept: 'Blocks kept', int8: 'int8', int4: 'int4' },
  precisionDescriptions: {
    stored: 'Exactly the numbers in the model’s files. Needs the most memory.',
    kept: 'The blocks of the GGUF file as they are: nothing is rounded again, at the speed of int4 or int8.',
    int8: 'Rounded to 8 bits: about a quarter of the memory of 32-bit numbers, and nearly the same text.',
    int4: 'Rounded to 4 bits: about a seventh of that memory, and the base model’s own text gets a little worse.',
  },
  fields: {
    epochs: 'Epochs',
    batchTokens: 'Tokens per step',
    adapterRate: 'Learning rate of the adapter',
    headsRate: 'Learning rate of the heads',
    adapterWidths: 'Adapter widths',
    tokenSymbols: 'Token symbols',
    seed: 'Seed',
    precision: 'Weights of the base model',
    keepCache: 'Keep the teacher cache',
  },
  fieldDescriptions: {
    precision:
      'What the base model computes with, in the conversion and in the SpeLLM. Rounded weights are made once and kept.',
    epochs: 'Number of passes over the text. Later passes are cheap: the base model reads it once.',
    batchTokens: 'How many tokens each step of the optimiser learns from.',
    adapterRate: 'Peak learning rate, after the warm-up. Set both rates or none.',
    headsRate: 'Peak learning rate of the character heads.',
    adapterWidths:
      'Inner width of each adapter block, separated by commas. Wider blocks learn more and read more.',
    tokenSymbols:
      'Number of tokens that are symbols of their own. More of them are exact more often and read more. Empty: as many as save more than they read, at least 4,096 where they fit, up to an eighth of the LM head.',
    seed: 'Sets the order of the batches and the initial weights. The same seed gives the same result.',
    keepCache: 'Keeps the base model’s hidden states on disk when the run is finished.',
  },
  automaticSymbols: (count: number) => `automatic: ${formatCount(count)}`,
  resetAdvanced: 'Reset to the defaults',
}

/** What that takes. */
export const estimateStrings = {
  title: 'Estimate',
  time: 'Time',
  timeRange: (low: number, high: number) =>
    formatRoughDuration(low) === formatRoughDuration(high)
      ? formatRoughDuration(low)
      : `${formatRoughDuration(low)} to ${formatRoughDuration(high)}`,
  steps: 'Steps',
  tokens: 'Tokens',
  tail: 'Tail',
  tailValue: (parameters: number) => `${formatCompact(parameters)} parameters`,
  tokenSymbols: 'Token symbols',
  tailShare: 'Read for a token',
  tailShareValue: (share: number) => `${formatPercent(share, 0)} of the LM head’s bytes`,
  disk: 'Disk',
  memory: 'Memory',
  ofFree: (needed: number, free: number) => `${formatBytes(needed)} of ${formatBytes(free)} free`,
  noSteps: 'The text is shorter than one step.',
  noStepsRemedy: 'Add more text, or use fewer tokens per step.',
  diskShort: 'Not enough free disk space.',
  diskRemedy: 'Clean up in Settings, choose another folder for runs there, or use fewer training tokens.',
  memoryShort: 'Not enough free memory.',
  memoryRemedy: 'Close other programs, or use fewer tokens per step.',
  summary: (low: number, high: number, disk: number, memory: number) =>
    `Estimate: ${formatRoughDuration(low)} to ${formatRoughDuration(high)}, ${formatBytes(disk)} of disk, ${formatBytes(memory)} of memory.`,
  waiting: 'The estimate appears when all fields are valid.',
}

/** What is expected of fields that are wrong. */
export const problemStrings = {
  wholeNumber: (lowest: number, highest: number) =>
    `Enter a whole number from ${formatCount(lowest)} to ${formatCount(highest)}.`,
  rate: 'Enter a number above 0, up to 1, such as 0.003.',
  bothRates: 'Enter both learning rates, or none.',
  adapterWidths: 'Enter up to 16 whole numbers separated by commas, such as 512, 1024.',
  noCharacters: 'List at least one character.',
  halfCharacter: 'The list contains half a character. Delete it and type it again.',
  noFiles: 'Add at least one file, or choose another text.',
}
