import type { Download, HubModel } from '../../../../src-main/contract/index.ts'
import {
  capitalised,
  formatBytes,
  formatCompact,
  formatCount,
  formatDuration,
  formatPercent,
  formatSignificant,
  plural,
} from '../../format.ts'

/** Which model is converted. */
export const baseStrings = {
  heading: 'Which model do you want to convert?',
  models: 'Models',
  sample: 'Comes with the studio. Converts in minutes on a CPU.',
  modelLine: (architecture: string, parameters: number, vocabularySize: number) =>
    `${capitalised(architecture)} · ${formatCompact(parameters)} parameters · ${formatCount(vocabularySize)} tokens`,
  chosenFolder: 'Chosen folder',
  folder: 'Folder or .gguf file of the model',
  folderDescription:
    'A Hugging Face folder with config.json, tokenizer.json and *.safetensors files, or a GGUF file.',
  folderDrop: 'Type its path, browse, or drop the folder here.',
  folderPlaceholder: '/path/to/model',
  check: 'Check',
  browse: 'Browse …',
  pickTitle: 'Choose the folder of a base model',
  addToLibrary: 'Keep in the library',
  inLibrary: 'In the library',
  nothingChosen: 'Choose a model to see its architecture and size.',
  unusable: 'Unavailable',
}

/** Models from the Hugging Face Hub. */
export const hubStrings = {
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
        if (bytesTotal === null) return hubStrings.asking
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
}

/** What is known of a model. */
export const cardStrings = {
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
  memoryBar: (needed: number, free: number) => `${formatBytes(needed)} needed, ${formatBytes(free)} free now`,
  memoryTight: 'Not enough free memory right now.',
  memoryRemedy: 'Close other programs, or convert on a machine with more memory.',
}
