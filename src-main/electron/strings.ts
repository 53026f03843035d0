/** What the desktop host says itself; the renderer's strings are its own. */
export const strings = {
  name: 'SpeLLM Studio',
  menu: {
    file: 'File',
    newConversion: 'New conversion',
    edit: 'Edit',
    view: 'View',
    home: 'Home',
    console: 'Console',
    compare: 'Compare',
    benchmark: 'Benchmark',
    settings: 'Settings…',
    palette: 'Command palette…',
    toggleTheme: 'Switch between light and dark',
    window: 'Window',
    help: 'Help',
    paper: 'About SpeLLM (arXiv)',
    logs: 'Show log files',
  },
  textFiles: 'Text',
  allFiles: 'All files',
  run: {
    finished: 'Conversion finished',
    agreement: (name: string, share: number) =>
      `${name} agrees with its base model at ${(100 * share).toFixed(1)} % of positions.`,
    failed: 'Conversion failed',
    problem: (name: string, message: string) => `${name}: ${message}`,
  },
  engineFailed: {
    title: "The engine can't continue.",
    startAgain: 'Start it again',
    quit: 'Quit',
  },
  quit: {
    title: 'A conversion is running.',
    detail: 'It is saved when you quit, and can be resumed the next time.',
    quit: 'Quit',
    cancel: 'Cancel',
  },
  update: {
    title: (version: string) => `SpeLLM Studio ${version} is ready to be installed.`,
    detail: 'The studio closes and opens again. A running conversion is saved and can be resumed.',
    install: 'Install now',
    later: 'Later',
  },
  modelNotAdded: 'This model was not added.',
  defect: 'This is a bug in the studio: please report it.',
} as const
