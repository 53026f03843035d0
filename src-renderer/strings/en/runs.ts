/** Words about runs that several screens share. */
export const runStrings = {
  status: {
    queued: 'Queued',
    running: 'Running',
    pausing: 'Pausing',
    paused: 'Paused',
    interrupted: 'Interrupted',
    finished: 'Finished',
    failed: 'Failed',
    broken: 'Unreadable',
  },
  phase: {
    check: 'Checking the model',
    text: 'Preparing the text',
    cache: 'Reading with the base model',
    train: 'Training',
    evaluate: 'Measuring',
  },
  continue: 'Continue',
  pause: 'Pause',
  test: 'Test in console',
  delete: 'Delete',
  cancel: 'Cancel',
  deleteTitle: (name: string) => `Delete ${name}?`,
  deleteActive: 'The run is stopped first. Its checkpoints, curves and SpeLLM are deleted for good.',
  deleteStored: 'Its checkpoints, curves and SpeLLM are deleted for good.',
  deleteBase: 'The base model stays where it is.',
}
