import { appContract } from './app.ts'
import { benchmarkContract } from './benchmark.ts'
import { consoleContract, promptsContract } from './console.ts'
import { filesContract } from './files.ts'
import { hubContract } from './hub.ts'
import { modelsContract } from './models.ts'
import { runsContract } from './runs.ts'
import { spellingContract } from './spelling.ts'
import { textContract } from './text.ts'

/** All that a renderer may ask the engine for, over whichever transport. */
export const contract = {
  app: appContract,
  files: filesContract,
  hub: hubContract,
  models: modelsContract,
  text: textContract,
  spelling: spellingContract,
  runs: runsContract,
  console: consoleContract,
  prompts: promptsContract,
  benchmark: benchmarkContract,
}

export * from './app.ts'
export * from './benchmark.ts'
export * from './console.ts'
export * from './devices.ts'
export * from './errors.ts'
export * from './files.ts'
export * from './hub.ts'
export * from './models.ts'
export * from './modes.ts'
export * from './precision.ts'
export * from './runs.ts'
export * from './spelling.ts'
export * from './text.ts'
