import { baseStepStrings } from './wizard/base.ts'
import { spellingStepStrings } from './wizard/spelling.ts'
import { trainingStepStrings } from './wizard/training.ts'
import { reviewStepStrings } from './wizard/review.ts'
import { formatCount } from '../format.ts'

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

  ...baseStepStrings,
  ...spellingStepStrings,
  ...trainingStepStrings,
  ...reviewStepStrings,
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
