import { baseStrings, cardStrings, hubStrings } from './wizard/base-step.ts'
import { reviewStrings } from './wizard/review-step.ts'
import { spellingStrings } from './wizard/spelling-step.ts'
import { estimateStrings, problemStrings, trainingStepStrings } from './wizard/training-step.ts'

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

  base: baseStrings,
  hub: hubStrings,
  card: cardStrings,
  spelling: spellingStrings,
  training: trainingStepStrings,
  estimate: estimateStrings,
  review: reviewStrings,
  problems: problemStrings,
}
