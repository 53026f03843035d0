import { Command } from 'commander'
import { CancelledError, SpellmError } from '../base/errors.ts'
import { packageVersion } from '../base/package-version.ts'
import { benchCommand } from './bench.ts'
import { chatCommand } from './chat.ts'
import { convertCommand } from './convert.ts'
import { demoCommand } from './demo.ts'
import { devicesCommand } from './devices.ts'
import { downloadCommand } from './download.ts'
import { evalCommand } from './eval.ts'
import { generateCommand } from './generate.ts'
import { inspectCommand } from './inspect.ts'
import { logitsCommand } from './logits.ts'
import { modelsCommand } from './models.ts'
import { printError } from './output.ts'
import { runsCommand } from './runs.ts'
import { tokensCommand } from './tokens.ts'

const program = new Command('spellm')
  .description('Converts a language model into a SpeLLM, which spells its next token with k character heads.')
  .version(packageVersion())
  .showHelpAfterError()
for (const command of [
  modelsCommand,
  downloadCommand,
  inspectCommand,
  logitsCommand,
  tokensCommand,
  convertCommand,
  generateCommand,
  chatCommand,
  evalCommand,
  benchCommand,
  runsCommand,
  devicesCommand,
  demoCommand,
])
  program.addCommand(command())

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CancelledError) process.exitCode = 130
  else {
    printError(error, process.argv.includes('--json'))
    process.exitCode = error instanceof SpellmError ? 1 : 70
  }
}
