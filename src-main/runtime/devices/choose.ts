import type { Device } from './device.ts'
import type { DeviceReport } from './report.ts'

/** A device with the reason why it was taken, in one sentence. */
export interface ChosenDevice {
  readonly device: Device
  readonly reason: string
}

const rate = ({ measured }: DeviceReport) => measured?.matrixGflops ?? 0
const isUsable = ({ works, rightNumbers }: DeviceReport) => works && rightNumbers
const described = (report: DeviceReport) => `${report.device} (${gflops(rate(report))})`

/** 1234.5 → '1,235 GFLOP/s'. */
export function gflops(value: number): string {
  return `${value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 1 : 0 })} GFLOP/s`
}

/** The fastest device that passes the accuracy check, by its matrix products. */
export function chooseDevice(reports: readonly DeviceReport[]): ChosenDevice {
  const usable = reports.filter(isUsable).sort((a, b) => rate(b) - rate(a))
  const [first, ...slower] = usable
  const wrong = reports.filter(({ works, rightNumbers }) => works && !rightNumbers)
  const wrongWords =
    wrong.length === 0 ? '' : `; ${wrong.map(({ device }) => device).join(' and ')} failed the accuracy check`
  // The probe of the CPU may fail where memory is short; what can't be compared is not taken.
  if (!first) return { device: 'cpu', reason: `No device passed the check, so cpu is used${wrongWords}.` }
  if (slower.length === 0)
    return {
      device: first.device,
      reason: `${described(first)} is the only device that works here${wrongWords}.`,
    }
  return {
    device: first.device,
    reason: `${described(first)} is faster than ${slower.map(described).join(' and ')}${wrongWords}.`,
  }
}
