import { cpus } from 'node:os'
import { z } from 'zod'
import { freeMemory } from '../memory/free-memory.ts'
import { devices, deviceSchema, type Device } from './device.ts'
import { nvidiaCard, type GraphicsCard } from './graphics-card.ts'
import { probeAnswerSchema, type ProbeAnswer } from './probe-answer.ts'
import type { ProbeOutput, RunProbe } from './probe-child.ts'
import { measurementSchema } from './probe.ts'
import { missingFromInstallation } from './problems.ts'

/** What was found out about a device. */
export const deviceReportSchema = z.object({
  device: deviceSchema,
  /** The hardware's, where it is known. */
  name: z.string().nullable(),
  works: z.boolean(),
  /** Whether its numbers are the CPU's, up to rounding. */
  rightNumbers: z.boolean(),
  /** Null where it doesn't work. */
  measured: measurementSchema.nullable(),
  /** Bytes, where they are known. */
  memory: z.object({ total: z.number(), free: z.number() }).nullable(),
  /** Why it can't be used, and what to do about it. */
  problem: z.object({ reason: z.string(), remedy: z.string() }).nullable(),
})
export type DeviceReport = z.infer<typeof deviceReportSchema>

/**
 * Of the largest number in a tensor: rounding in float32 stays under 1e-5, and that of TF32 or float16 would
 * already change arg-maxes.
 */
export const differenceLimit = 1e-3

/** Tries all devices, one after another, each in a process of its own. */
export async function reportDevices(runProbe: RunProbe): Promise<DeviceReport[]> {
  const card = await nvidiaCard()
  const reports: DeviceReport[] = []
  for (const device of devices) {
    const missing = missingFromInstallation(device)
    const answer: ProbeAnswer = missing ? { kind: 'failed', ...missing } : readAnswer(await runProbe(device))
    reports.push(describe(device, answer, card))
  }
  return reports
}

function readAnswer({ stdout, crash }: ProbeOutput): ProbeAnswer {
  try {
    return probeAnswerSchema.parse(JSON.parse(stdout.trim().split('\n').at(-1)!))
  } catch {
    return {
      kind: 'failed',
      reason: `A small computation ended its process: ${crash ?? 'it gave no answer'}.`,
      remedy: 'Update the driver of the graphics card, then check again.',
    }
  }
}

function describe(device: Device, answer: ProbeAnswer, card: GraphicsCard | null): DeviceReport {
  const known = { device, ...hardware(device, card) }
  if (answer.kind === 'failed') {
    const { reason, remedy } = answer
    return { ...known, works: false, rightNumbers: false, measured: null, problem: { reason, remedy } }
  }
  const { measured } = answer
  const { maxDifference } = measured
  const rightNumbers = maxDifference !== null && maxDifference <= differenceLimit
  const wrong =
    maxDifference === null
      ? 'some of them are NaN'
      : `they differ from the CPU’s by up to ${(100 * maxDifference).toPrecision(2)} %`
  return {
    ...known,
    works: true,
    rightNumbers,
    measured,
    problem: rightNumbers
      ? null
      : {
          reason: `It computes wrong numbers: ${wrong}.`,
          remedy: 'Update the driver of the graphics card, then check again.',
        },
  }
}

function hardware(device: Device, card: GraphicsCard | null): Pick<DeviceReport, 'name' | 'memory'> {
  // Apple's processors and graphics cards are one chip with one memory.
  const isUnified = process.platform === 'darwin' && process.arch === 'arm64'
  if (device === 'cpu' || isUnified) {
    const { total, free } = freeMemory()
    return { name: cpus()[0]?.model.trim() ?? null, memory: { total, free } }
  }
  if (device !== 'cuda' || !card) return { name: null, memory: null }
  return { name: card.name, memory: { total: card.totalBytes, free: card.freeBytes } }
}
