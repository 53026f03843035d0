/**
 * Probes the device named by the first argument and prints what was measured, or why nothing was, as the last line.
 * A program of its own, because a device's driver may end the process.
 */
import { SpellmError } from '../../base/errors.ts'
import { deviceSchema } from './device.ts'
import { probeDevice } from './probe.ts'
import { describeProviderFailure } from './problems.ts'
import type { ProbeAnswer } from './probe-answer.ts'

const device = deviceSchema.parse(process.argv[2])
const answer = await probeDevice(device).then(
  (measured): ProbeAnswer => ({ kind: 'measured', measured }),
  (error: unknown): ProbeAnswer => ({
    kind: 'failed',
    ...(error instanceof SpellmError
      ? { reason: error.message, remedy: error.remedy }
      : describeProviderFailure(device, error instanceof Error ? error.message : String(error))),
  }),
)
process.stdout.write(`\n${JSON.stringify(answer)}\n`, () => process.exit(0))
