import type { Download, HubModel, UnitKind } from '../../../src-main/contract/index.ts'
import {
  capitalised,
  formatBytes,
  formatCompact,
  formatCount,
  formatDuration,
  formatPercent,
  formatRoughDuration,
  formatSignificant,
} from '../format.ts'

const plural = (count: number, one: string, many: string): string =>
  `${formatCount(count)} ${count === 1 ? one : many}`

/** Rounded down, so that only what is covered whole is 100%. */
const formatCovered = (covered: number): string => formatPercent(Math.floor(covered * 1e4) / 1e4, 2)

export const wizardStrings = {
  title: 'New conversion',
  startOver: 'Start over',
  back: 'Back',
  next: (step: string) => `Next: ${step}`,
  steps: { base: 'Base model', spelling: 'Spelling', training: 'Training', review: 'Review' },
  stepDescriptions: {
    base: 'Which model to convert',
    spelling: 'How tokens become characters',
    training: 'What to learn from',
    review: 'Check and start',
  },
  chooseModelFirst: 'Choose a supported base model to continue.',
  fixFieldsFirst: 'Fix the highlighted fields to continue.',
  loading: 'Loading …',
  updating: 'Updating …',

  base: {
    heading: 'Which model do you want to convert?',
    models: 'Models',
    sample: 'Comes with the studio. Converts in minutes on a CPU.',
    modelLine: (architecture: string, parameters: number, vocabularySize: number) =>
      `${capitalised(architecture)} · ${formatCompact(parameters)} parameters · ${formatCount(vocabularySize)} tokens`,
    chosenFolder: 'Chosen folder',
    folder: 'Folder of the model',
    folderDescription: 'A Hugging Face folder with config.json, tokenizer.json and *.safetensors files.',
    folderDrop: 'Type its path, browse, or drop the folder here.',
    folderPlaceholder: '/path/to/model',
    check: 'Check',
    browse: 'Browse …',
    pickTitle: 'Choose the folder of a base model',
    addToLibrary: 'Keep in the library',
    inLibrary: 'In the library',
    nothingChosen: 'Choose a model to see its architecture and size.',
    unusable: 'Unavailable',
  },

  hub: {
    id: 'Model on the Hugging Face Hub',
    idDescription: 'Its id or the address of its page; add @revision for one other than the newest.',
    idPlaceholder: 'owner/name',
    lookUp: 'Look up',
    asking: 'Asking the Hub …',
    cached: (id: string) => `${id} is already on this machine and is now chosen.`,
    size: (id: string, { bytesDone, bytesTotal, filesTotal }: NonNullable<HubModel['size']>): string => {
      const size = `${id}: ${formatBytes(bytesTotal)} in ${plural(filesTotal, 'file', 'files')}`
      return bytesDone === 0 ? `${size}.` : `${size}, of which ${formatBytes(bytesDone)} are already here.`
    },
    download: 'Download',
    cancel: 'Cancel',
    giveToken: 'Add a token in Settings',
    downloadOf: (id: string) => `Download of ${id}`,
    stop: 'Stop',
    resume: 'Resume',
    choose: 'Convert this model',
    forget: 'Remove from the list',
    state: ({
      status,
      bytesDone,
      bytesTotal,
      filesDone,
      filesTotal,
      bytesPerSecond,
      secondsLeft,
    }: Download): string => {
      const size = bytesTotal === null ? '' : `${formatBytes(bytesDone)} of ${formatBytes(bytesTotal)}`
      switch (status) {
        case 'running': {
          if (bytesTotal === null) return wizardStrings.hub.asking
          const parts = [size, `${formatCount(filesDone)} of ${plural(filesTotal, 'file', 'files')}`]
          if (bytesPerSecond !== null && bytesPerSecond > 0) parts.push(`${formatBytes(bytesPerSecond)}/s`)
          if (secondsLeft !== null) parts.push(`${formatDuration(secondsLeft)} left`)
          return parts.join(' · ')
        }
        case 'finished':
          return `${size}, verified. In the library.`
        case 'stopped':
          return bytesDone === 0 ? 'Stopped' : `Stopped at ${size}; what has arrived is kept.`
        case 'failed':
          return bytesDone === 0 ? 'Failed' : `Failed at ${size}; what has arrived is kept.`
      }
    },
  },

  card: {
    architecture: 'Architecture',
    architectureValue: (family: string, layers: number) =>
      `${capitalised(family)}, ${plural(layers, 'layer', 'layers')}`,
    parameters: 'Parameters',
    size: 'Size on disk',
    sizeValue: (bytes: number, dtype: string) => `${formatBytes(bytes)} (${dtype})`,
    vocabulary: 'Vocabulary V',
    vocabularyValue: (size: number) => plural(size, 'token', 'tokens'),
    hiddenSize: 'Hidden size d',
    context: 'Context',
    contextValue: (length: number) => plural(length, 'token', 'tokens'),
    folder: 'Folder',
    headTitle: 'The LM head',
    headBar: (share: number) =>
      `The LM head is ${formatPercent(share)} of the weights that are read for each token`,
    headSize: (vocabularySize: number, hiddenSize: number, parameters: number) =>
      `V × d = ${formatCount(vocabularySize)} × ${formatCount(hiddenSize)} = ${formatCompact(parameters)} parameters, all read for each token that is generated.`,
    tied: 'The matrix is shared with the embedding, so a conversion saves reads, not file size.',
    speedUp: (share: number) =>
      `Without any head, generation would read ${formatPercent(share)} less and be about ${formatSignificant(1 / (1 - share), 3)} times as fast. A SpeLLM gets near that when its tail is much smaller than the head.`,
    memoryTitle: 'Memory',
    memoryBar: (needed: number, free: number) =>
      `${formatBytes(needed)} needed, ${formatBytes(free)} free now`,
    memoryTight: 'Not enough free memory right now.',
    memoryRemedy: 'Close other programs, or convert on a machine with more memory.',
  },

  spelling: {
    heading: 'How should the model spell its tokens?',
    intro:
      'Each token is spelled with up to k symbols of an alphabet, one symbol per head. A larger k or alphabet spells more tokens in full; a smaller one makes the tail smaller and easier to learn.',
    units: 'Each step writes',
    unitNames: { token: 'One token', word: 'Up to a whole word' },
    unitDescriptions: {
      token: 'The base model’s own steps',
      word: 'Fewer steps where words have several tokens; use a k of 16 to 32',
    },
    wordFacts: {
      covered: 'Words spelled in full',
      truncated: 'Words longer than k',
      uncovered: 'Words with a missing character',
      tokensPerWord: 'Tokens of a word',
      saved: 'Steps saved (upper bound)',
      mean: (tokens: number) => formatSignificant(tokens, 3),
    },
    symbols: 'Spelled with',
    symbolNames: { symbols: 'Characters with token symbols', characters: 'Characters alone' },
    symbolDescriptions: {
      symbols:
        'Frequent whole tokens are symbols of their own, scored exactly. The base model’s text, faster where its head is large.',
      characters: 'Every token is spelled, as in the paper: the smallest tail, further from the base model.',
    },
    symbolWords: {
      symbols: 'Only where each step is a token.',
      characters: 'Words are spelled in characters.',
    },
    symbolsChosenLater:
      'The token symbols are chosen after the base model has written its text: the tokens that it wants most. Until then this preview takes the first tokens of the vocabulary.',
    k: 'Longest spelling k',
    kDescription: 'The number of character heads.',
    kInput: 'k',
    kValue: (k: number) => plural(k, 'symbol', 'symbols'),
    alphabet: 'Alphabet',
    alphabets: {
      auto: 'Automatic',
      ascii: 'ASCII',
      latin1: 'Latin-1',
      bytes: 'Bytes',
      pieces: 'Pieces',
      custom: 'Own characters',
      groups: 'Learned groups',
    },
    alphabetDescriptions: {
      auto: 'The characters that the text needs most',
      ascii: 'Printable ASCII, newline and tab',
      latin1: 'ASCII and Western European letters',
      bytes: 'All 256 bytes: any script, but longer spellings',
      pieces: 'Bytes and the tokenizer’s own first pieces: any script, short spellings',
      custom: 'Exactly those that you list',
      groups:
        'Tokens without a symbol come in groups, and the likeliest groups are scored exactly. The most correct picks, but nothing is spelled',
    },
    groupsNeedSymbols: 'Only with token symbols.',
    groups: (count: number) =>
      `${plural(count, 'group', 'groups')}. The run learns from the LM head which tokens belong together.`,
    grouped: 'In a group',
    groupedDescriptions: {
      symbol: 'A symbol of its own: scored by the base model’s own row.',
      covered: 'Scored by the base model’s own row wherever its group is among the likeliest.',
    },
    limit: 'Maximum characters',
    limitPlaceholder: '256',
    characters: 'Characters',
    charactersDescription: (count: number) =>
      `${plural(count, 'character', 'different characters')}. Order and repetitions don’t matter; newline and space count.`,
    alphabetName: {
      auto: 'Automatic',
      autoLimit: (limit: number) => `Auto ${formatCount(limit)}`,
      ascii: 'ASCII',
      latin1: 'Latin-1',
      bytes: 'Bytes',
      pieces: 'Pieces',
      piecesCount: (count: number) => `Pieces ${formatCount(count)}`,
      custom: 'Own',
      groups: 'Groups',
    },
    choice: 'Choice',
    coverage: 'Coverage',
    coverageOf: (countedTokens: number) =>
      countedTokens === 0
        ? 'of the vocabulary, each token counted once'
        : `of the text, counted on ${plural(countedTokens, 'token', 'tokens')}`,
    noTextYet:
      'The base model will write its own text, so there is nothing to count yet. Files that you choose in the next step are counted here.',
    covered: formatCovered,
    textShare: 'Share of the text',
    vocabularyShare: 'Share of the vocabulary',
    statuses: {
      covered: 'Covered',
      truncated: 'Truncated',
      shadowed: 'Shadowed',
      uncovered: 'Uncovered',
      symbol: 'Symbol',
    },
    statusDescriptions: {
      covered: 'Spelled in full, and no other token has this spelling.',
      truncated: 'Spelled by its first k symbols, which belong to no other token; still written in full.',
      shadowed: 'Shares its spelling with a more frequent token, which the heads spell instead.',
      uncovered: 'Contains a character outside the alphabet, so the heads can’t spell it.',
      symbol: 'A symbol of its own: scored by the base model’s own row, never spelled.',
    },
    status: 'Status',
    alphabetSize: (size: number, hasOther: boolean) =>
      `${plural(size, 'symbol', 'symbols')} with END and ${hasOther ? 'OTHER' : 'special tokens'}`,
    showCharacters: 'Show the alphabet',
    hideCharacters: 'Hide the alphabet',
    alphabetCharacters: 'Characters of the alphabet',
    charactersShown: (count: number) => `${plural(count, 'character', 'characters')} shown`,
    heatmap: 'What other choices would cover',
    heatmapHint:
      'Click a cell to use its k and alphabet, or move with the arrow keys and press Enter. Numbers: percent of the tokens that are covered, token symbols included, or of the words where these are spelled.',
    heatmapLabel: 'Covered share by alphabet and k',
    heatmapCorner: 'Alphabet, size, k →',
    heatmapReadout: (alphabet: string, size: number, k: number, covered: number) =>
      `${alphabet} (${plural(size, 'symbol', 'symbols')}), k = ${k}: ${formatCovered(covered)} covered`,
    legend: 'Covered at least',
    problems: 'Tokens that are not spelled in full',
    noProblems: 'Every token of the text is spelled in full.',
    noVocabularyProblems: 'Every token of the vocabulary is spelled in full.',
    token: 'Token',
    spelledAs: 'Spelled as',
    notSpelled: 'nothing',
    count: 'Count',
    share: 'Share',
    example: 'Example in the text',
    showAll: (count: number) => `Show all ${formatCount(count)}`,
    showFewer: 'Show fewer',
    tryTitle: 'Try it',
    tryLabel: 'How would this be spelled?',
    tryPlaceholder: 'Type a word or a sentence',
    tryExample: 'Once upon a time, straightforwardly',
    tryEmpty: 'Type something to see its tokens and their symbols.',
    spelledTokens: 'Tokens and their symbols',
    size: 'Size',
    sizeBar: (name: string, parameters: number) => `${name}: ${formatCompact(parameters)} parameters`,
    tail: 'Tail',
    tailAndSymbols: 'Tail and token symbols, read',
    baseHead: 'LM head',
    sizeSmaller: (tail: number, head: number) =>
      `The tail is ${formatPercent(tail / head)} of the LM head’s size: each token reads that much instead of all of it.`,
    symbolShare: (count: number, share: number) =>
      `${plural(count, 'token symbol', 'token symbols')}: a token without a doubt reads ${formatPercent(share, 0)} of the LM head’s bytes.`,
    symbolShareLarge:
      'Nothing is saved with this model: converting it shows how it works. Larger vocabularies save more.',
    sizeLarger: (tail: number, head: number) =>
      `The tail is ${formatSignificant(tail / head, 3)} times as large as the LM head: nothing is saved with this model. Converting it shows how it works; larger vocabularies save more.`,
  },

  training: {
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
  },

  estimate: {
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
  },

  review: {
    heading: 'Ready to convert',
    name: 'Name of the run',
    nameDescription: 'Also the name of its folder.',
    nameProblems: {
      empty: 'Enter a name for the run.',
      characters:
        'Use up to 100 letters, digits, spaces, points, hyphens and underscores, without a point or space at the start.',
      taken: 'A run with this name already exists.',
    },
    edit: (step: string) => `Change ${step.toLowerCase()}`,
    editShort: 'Change',
    baseText: (name: string, parameters: number, share: number) =>
      `${name} (${formatCompact(parameters)} parameters) is the base model and the teacher. Its trunk stays as it is; its LM head, ${formatPercent(share)} of the weights read for each token, is what the heads replace.`,
    spellingText: (units: UnitKind, k: number, alphabet: string) =>
      `${units === 'word' ? 'Tokens and whole words' : 'Tokens'} are spelled with up to ${plural(k, 'symbol', 'symbols')}. Alphabet: ${alphabet}.`,
    groupsText:
      'Nothing is spelled: tokens without a symbol come in learned groups, and the likeliest groups are scored exactly.',
    coverageText: (covered: number, ofText: boolean) =>
      `${formatCovered(covered)} of the ${ofText ? 'text’s tokens' : 'vocabulary'} ${ofText ? 'are' : 'is'} spelled in full.`,
    sizeText: (tail: number, head: number) =>
      `The tail will have ${formatCompact(tail)} parameters where the LM head has ${formatCompact(head)}.`,
    symbolText: (count: number, share: number) =>
      `${plural(count, 'token is a symbol of its own', 'tokens are symbols of their own')}, scored exactly: a token without a doubt reads ${formatPercent(share, 0)} of the LM head’s bytes.`,
    alphabets: {
      auto: (limit: number | null) =>
        limit === null
          ? 'the characters that the text needs most'
          : `the ${plural(limit, 'character', 'characters')} that the text needs most`,
      ascii: 'ASCII',
      latin1: 'Latin-1',
      bytes: 'bytes',
      pieces: (count: number | null) =>
        `bytes and the tokenizer’s ${count === null ? 'first pieces' : `first ${plural(count, 'piece', 'pieces')}`}`,
      groups: 'learned groups',
      custom: (count: number) => plural(count, 'own character', 'own characters'),
    },
    textText: {
      stories: 'It learns from the sample’s stories.',
      selfWritten: 'It learns from text that the base model writes itself.',
      questions: (count: number) =>
        `It learns from the base model’s answers to the questions of ${plural(count, 'file', 'files')}.`,
      files: (count: number) => `It learns from ${plural(count, 'text file', 'text files')}.`,
    },
    trainingText: (tokens: number, epochs: number, batchTokens: number, steps: number) =>
      `${plural(tokens, 'token', 'tokens')}, read ${epochs === 1 ? 'once' : epochs === 2 ? 'twice' : `${formatCount(epochs)} times`}, ${formatCount(batchTokens)} per step: ${plural(steps, 'step', 'steps')}.`,
    deviceText: {
      auto: 'Trained on the fastest device that passes the accuracy check.',
      cpu: 'Trained on the CPU.',
      cuda: 'Trained on the NVIDIA graphics card (CUDA).',
      dml: 'Trained on the graphics card (DirectML).',
      coreml: 'Trained on the Apple graphics card (Core ML).',
      webgpu: 'Trained on the graphics card (WebGPU).',
    },
    modeText: (mode: string) => `It decodes in ${mode} mode.`,
    keepsCache: 'The teacher cache is kept.',
    learnsSampling: 'A second tail is learnt for sampling.',
    precisionText: {
      kept: 'The base model computes with the blocks of its file.',
      int8: 'The base model computes with 8-bit weights.',
      int4: 'The base model computes with 4-bit weights.',
    },
    changedText: (settings: string) => `Changed from the defaults: ${settings}.`,
    start: 'Start the conversion',
    startHint: 'You can pause and resume it at any time.',
    queueHint: 'Another run is active: this one waits in the queue.',
  },

  problems: {
    wholeNumber: (lowest: number, highest: number) =>
      `Enter a whole number from ${formatCount(lowest)} to ${formatCount(highest)}.`,
    rate: 'Enter a number above 0, up to 1, such as 0.003.',
    bothRates: 'Enter both learning rates, or none.',
    adapterWidths: 'Enter up to 16 whole numbers separated by commas, such as 512, 1024.',
    noCharacters: 'List at least one character.',
    halfCharacter: 'The list contains half a character. Delete it and type it again.',
    noFiles: 'Add at least one file, or choose another text.',
  },
}
