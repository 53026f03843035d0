import { benchmarkStrings } from './en/benchmark.ts'
import { chartStrings } from './en/chart.ts'
import { consoleStrings } from './en/console.ts'
import { compareStrings } from './en/compare.ts'
import { deviceStrings } from './en/devices.ts'
import { folderDialogStrings } from './en/folder-dialog.ts'
import { homeStrings } from './en/home.ts'
import { runStrings } from './en/runs.ts'
import { settingsStrings } from './en/settings.ts'
import { trainingStrings } from './en/training.ts'
import { wizardStrings } from './en/wizard.ts'

export const en = {
  app: {
    name: 'SpeLLM Studio',
    navigation: 'Main',
    skipToContent: 'Skip to content',
    connecting: 'Connecting to the engine …',
    connectionLost: 'The connection to the engine was lost. Connecting again …',
    connectionFailed: 'The engine isn’t running',
    connectionFailedRemedy: 'Quit and reopen the studio. You can resume interrupted runs afterwards.',
    callLost: 'The connection to the engine was lost.',
    callLostRemedy: 'The studio is reconnecting. Try again in a moment.',
    defectRemedy: 'Please report this.',
    crashed: 'The engine stopped unexpectedly and was restarted.',
    crashedRuns: 'You can resume interrupted runs from their last checkpoint.',
    dismiss: 'Dismiss',
    screenFailed: 'This screen could not be shown',
    tryAgain: 'Try again',
    loading: 'Loading …',
    notFound: 'Page not found',
    goHome: 'Go to Home',
  },
  actions: {
    palette: 'Commands',
    searchPalette: 'Search commands',
    nothingFound: 'Nothing found',
    goTo: 'Go to',
    home: 'Home',
    newConversion: 'New conversion',
    console: 'Console',
    compare: 'Compare',
    benchmark: 'Benchmark',
    settings: 'Settings',
    toggleTheme: 'Switch between light and dark',
    convertSample: 'Convert the sample model',
  },
  chart: chartStrings,
  devices: deviceStrings,
  runs: runStrings,
  folderDialog: folderDialogStrings,
  home: homeStrings,
  wizard: wizardStrings,
  training: trainingStrings,
  console: consoleStrings,
  compare: compareStrings,
  benchmark: benchmarkStrings,
  settings: settingsStrings,
}
