import type { UnitKind } from '../../../../src-main/contract/index.ts'
import { formatCompact, formatCount, formatPercent, plural } from '../../format.ts'
import { formatCovered } from './format-covered.ts'

/** All of it once more, before the start. */
export const reviewStrings = {
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
}
