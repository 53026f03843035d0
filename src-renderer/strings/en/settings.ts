import type { HubState } from '../../../src-main/contract/index.ts'
import { formatBytes } from '../format.ts'

export const settingsStrings = {
  title: 'Settings',

  appearance: 'Appearance',
  theme: 'Theme',
  themes: { system: 'Same as the system', light: 'Light', dark: 'Dark' },

  compute: 'Computing',
  device: 'Device for new runs',
  deviceDescription: 'You can choose another one for each conversion.',

  hub: {
    title: 'Hugging Face Hub',
    hub: 'Hub',
    mirror: 'Mirror (HF_ENDPOINT)',
    cache: 'Download folder, shared with other tools',
    offline: 'HF_HUB_OFFLINE is set: the studio makes no network requests.',
    token: 'Access token',
    noToken: 'None. Only gated and private models need one.',
    tokenSources: {
      'key-store': 'Saved here, in this system’s key store.',
      file: 'Saved here, in a file that only you can read.',
      environment: 'From the environment (HF_TOKEN).',
      'hub-tools': 'From Hugging Face’s own tools on this machine.',
    },
    give: 'Add an access token',
    replace: 'Replace the access token',
    place: (place: HubState['tokenPlace']) =>
      place.kind === 'key-store'
        ? 'Saved in this system’s key store. It takes precedence over any other, is sent to the Hub only, and is never shown again.'
        : `Saved in ${place.path}, which only you can read. It takes precedence over any other, is sent to the Hub only, and is never shown again.`,
    show: 'Show the token',
    save: 'Save token',
    remove: 'Remove token',
    saved: 'Token saved.',
    removed: 'Token removed.',
  },

  storage: 'Storage',
  free: (bytes: number) => `${formatBytes(bytes)} free on this disk`,
  runsFolder: 'Folder for runs',
  runsFolderDescription:
    'Runs in the former folder stay there and are listed again when you switch back to it.',
  changeFolder: 'Change …',
  defaultFolder: 'Use the default folder',
  reveal: 'Show in the file manager',
  pickTitle: 'Choose a folder for runs',
  place: 'Content',
  size: 'Size',
  removable: 'Can be freed',
  actions: 'Actions',
  places: {
    runs: 'Runs',
    teacherCaches: 'Teacher caches',
    checkpoints: 'Checkpoints',
    quantizedWeights: 'Quantised weights',
  },
  placeDescriptions: {
    runs: 'Everything: settings, curves, SpeLLMs, teacher caches and checkpoints',
    teacherCaches: 'Texts and hidden states of base models, for the runs that learn from them',
    checkpoints: 'For resuming a run; not needed once it is finished',
    quantizedWeights: 'Weights that were quantised, kept or widened; recreated when needed',
  },
  clean: 'Clean up',
  cleanPlace: (place: string) => `Clean up: ${place}`,
  cleanTitle: (place: string) => `Clean up ${place.toLowerCase()}?`,
  cleanTexts: {
    teacherCaches: (bytes: number) =>
      `This frees ${formatBytes(bytes)}: the teacher caches that finished runs have kept. Their SpeLLMs and curves stay; other alphabets can’t learn from their text any more. Other runs are left alone.`,
    checkpoints: (bytes: number) =>
      `This frees ${formatBytes(bytes)}: the checkpoints of finished runs. Their SpeLLMs and curves stay. Other runs are left alone.`,
    quantizedWeights: (bytes: number) =>
      `This frees ${formatBytes(bytes)}: weights that were quantised, kept or widened. They are recreated when needed, which takes half a minute for a billion weights.`,
  },
  cleanConfirm: (bytes: number) => `Free ${formatBytes(bytes)}`,
  cleaned: (bytes: number) => `${formatBytes(bytes)} freed`,
  cancel: 'Cancel',

  about: 'About',
  version: (version: string) => `SpeLLM Studio ${version}`,
  licence: 'Licence: Apache-2.0',
  paper: 'After “SpeLLM: Character-Level Multi-Head Decoding” by Amit Ben-Artzy and Roy Schwartz, ',
  paperLink: 'arXiv 2507.16323',
  paperUrl: 'https://arxiv.org/abs/2507.16323',
  diagnostics: 'Diagnostics',
  diagnosticsDescription: 'To include in a bug report. Nothing is sent anywhere.',
  copy: 'Copy',
  copied: 'Copied',
  selectAll: 'Diagnostics as text',
}
