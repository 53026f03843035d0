import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { arch, cpus, platform } from 'node:os'
import { z } from 'zod'
import { describeSystemError, SpellmError } from '../../base/errors.ts'
import { writeJsonAtomically } from '../../base/atomic-file.ts'
import { readJsonFile } from '../../formats/json-file.ts'
import * as ort from '../onnxruntime.ts'
import { chooseDevice, type ChosenDevice } from './choose.ts'
import { devices, type Device, type DeviceChoice } from './device.ts'
import { nvidiaCard } from './graphics-card.ts'
import type { RunProbe } from './probe-child.ts'
import { missingFromInstallation, unavailableDevice } from './problems.ts'
import { deviceReportSchema, reportDevices, type DeviceReport } from './report.ts'

/** The devices of this machine, tried once and remembered. */
export interface KnownDevices {
  /** Tries them if that is not known from before; `fresh`: in any case. */
  survey(options?: { readonly fresh?: boolean }): Promise<DeviceSurvey>
  /**
   * The device that a choice stands for.
   *
   * @returns the reason only for 'auto'
   * @throws SpellmError 'device-unavailable' for a device that doesn't work or gives wrong numbers
   */
  resolve(choice: DeviceChoice): Promise<{ readonly device: Device; readonly reason: string | null }>
}

const surveySchema = z.object({
  /** What the answers depend on: versions, drivers, libraries. */
  key: z.string(),
  /** ISO 8601. */
  checked: z.string(),
  reports: z.array(deviceReportSchema),
})

export interface DeviceSurvey {
  /** ISO 8601. */
  readonly checked: string
  readonly reports: readonly DeviceReport[]
  /** What 'auto' stands for. */
  readonly automatic: ChosenDevice
}

const maxBytes = 1 << 20

/** @param file where the answers are kept; they can be lost at any time */
export function createKnownDevices(file: string, runProbe: RunProbe): KnownDevices {
  let latest: Promise<DeviceSurvey> | null = null

  const survey = async (fresh: boolean): Promise<DeviceSurvey> => {
    const key = await surveyKey()
    const stored = fresh ? null : await readStored(file)
    const { checked, reports } = stored?.key === key ? stored : await surveyNow(file, key, runProbe)
    return { checked, reports, automatic: chooseDevice(reports) }
  }
  const known: KnownDevices = {
    survey: ({ fresh = false } = {}) => {
      if (latest && !fresh) return latest
      const begun = survey(fresh)
      latest = begun
      begun.catch(() => {
        if (latest === begun) latest = null
      })
      return begun
    },
    resolve: async (choice) => {
      if (choice === 'cpu') return { device: 'cpu', reason: null }
      const missing = choice === 'auto' ? null : missingFromInstallation(choice)
      if (choice !== 'auto' && missing) throw unavailableDevice(missing)
      const { reports, automatic } = await known.survey()
      if (choice === 'auto') return automatic
      const problem = reports.find(({ device }) => device === choice)?.problem
      if (problem) throw unavailableDevice(problem)
      return { device: choice, reason: null }
    },
  }
  return known
}

async function readStored(file: string): Promise<z.infer<typeof surveySchema> | null> {
  try {
    return await readJsonFile(file, surveySchema, { maxBytes })
  } catch (error) {
    if (error instanceof SpellmError) return null
    throw error
  }
}

async function surveyNow(file: string, key: string, runProbe: RunProbe) {
  const reports = await reportDevices(runProbe)
  const stored = { key, checked: new Date().toISOString(), reports } satisfies z.infer<typeof surveySchema>
  try {
    await mkdir(dirname(file), { recursive: true })
    await writeJsonAtomically(file, stored)
  } catch (error) {
    // Then the next process tries the devices again.
    if (!(describeSystemError(error, file) instanceof SpellmError)) throw error
  }
  return stored
}

async function surveyKey(): Promise<string> {
  const card = await nvidiaCard()
  return [
    ort.env.versions.node,
    `${platform()}-${arch()}`,
    cpus()[0]?.model,
    card && `${card.name} ${card.driver}`,
    devices.filter((device) => missingFromInstallation(device) === null).join(),
    process.env['VK_DRIVER_FILES'] ?? process.env['VK_ICD_FILENAMES'],
  ].join(' | ')
}
