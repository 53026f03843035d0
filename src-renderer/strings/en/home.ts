import {
  capitalised,
  formatCompact,
  formatCount,
  formatDuration,
  formatPercent,
  formatSignificant,
} from '../format.ts'

export const homeStrings = {
  title: 'Home',
  convertSampleHint: 'A ready-made example: all settings are preset. Takes a few minutes.',

  welcomeTitle: 'Make a language model’s last step smaller',
  welcome:
    'For each token that it writes, a language model scores its whole vocabulary with one large matrix, the LM head: often 50,000 to 250,000 entries. A SpeLLM scores only the tokens that the model wants most and spells the others, one character per small head. The heads learn from the model itself in minutes to hours; everything before them stays as it is. You gain speed where the vocabulary is large. In lossless mode, the default, the text is the base model’s own, token for token; in the other modes some tokens differ.',
  diagram: {
    label:
      'Base model: the trunk feeds an LM head, which scores all V tokens. SpeLLM: the same trunk feeds k small heads; here they spell c, a, t, END, and the token “cat” is looked up.',
    base: 'Base model',
    spellm: 'SpeLLM',
    trunk: 'Trunk',
    sameTrunk: 'Same trunk',
    head: 'LM head',
    headSize: 'V × d',
    tokens: ['the', 'cat', 'cats', 'house', '… V tokens'],
    heads: 'k heads',
    symbols: ['c', 'a', 't', 'END'],
    lookedUp: 'looked up',
    result: 'cat',
  },

  runs: 'Runs',
  run: 'Run',
  status: 'Status',
  progress: 'Progress and result',
  loss: 'Loss',
  actions: 'Actions',
  runDetails: (base: string, k: number | null, alphabet: string | null) =>
    [base, k === null ? '' : `k = ${k}`, alphabet ?? ''].filter((part) => part !== '').join(' · '),
  showAll: (count: number) => `Show all ${formatCount(count)}`,
  showFewer: 'Show fewer',
  customAlphabet: 'own characters',
  sparkline: (first: number, last: number) =>
    `Loss from ${formatSignificant(first, 3)} to ${formatSignificant(last, 3)}`,
  phaseProgress: (phase: string, share: number) => `${phase}, ${formatPercent(share, 0)}`,
  phaseDetails: (rate: number | null, secondsLeft: number | null) =>
    [
      rate === null ? '' : `${formatCompact(rate)} tokens/s`,
      secondsLeft === null ? '' : `${formatDuration(secondsLeft)} left`,
    ]
      .filter((part) => part !== '')
      .join(' · '),
  starting: 'Starting …',
  queued: 'Waiting in the queue',
  atStep: (step: number, steps: number | null) =>
    steps === null
      ? `Stopped after ${formatCount(step)} steps`
      : `Stopped at step ${formatCount(step)} of ${formatCount(steps)}`,
  beforeTraining: 'Stopped before training began',
  interruptedHint: 'Everything up to the last checkpoint is saved.',
  agreement: 'Agreement',
  agreementTrie: 'trie',
  agreementFree: 'free',
  test: 'Test',
  nameAction: (action: string, run: string) => `${action}: ${run}`,

  models: 'Models',
  model: 'Model',
  architecture: 'Architecture',
  parameters: 'Parameters',
  headShare: 'LM head’s share',
  headShareHint: 'Share of the weights read for each token: the upper bound on what a SpeLLM can save.',
  layers: (family: string, layers: number) => `${capitalised(family)}, ${formatCount(layers)} layers`,
  builtIn: 'Comes with the studio',
  convert: 'Convert',
  remove: 'Remove',
  removeTitle: (name: string) => `Remove ${name} from the library?`,
  removeText: 'Its files and its runs stay where they are.',
  cancel: 'Cancel',
  addFolder: 'Add a folder',
  pickTitle: 'Choose the folder of a base model',
  unusable: 'Unavailable',
}
