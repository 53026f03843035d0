import { formatCompact, formatCount, formatPercent, formatSignificant, plural } from '../../format.ts'
import { formatCovered } from './format-covered.ts'

/** How its tokens are spelled. */
export const spellingStrings = {
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
}
