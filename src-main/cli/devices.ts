import { Command } from 'commander'
import { deviceNames } from '../runtime/devices/device.ts'
import { gflops } from '../runtime/devices/choose.ts'
import type { DeviceReport } from '../runtime/devices/report.ts'
import { ownDevices } from '../conversion/own-devices.ts'
import { formatBytes, table } from './output.ts'

/** `spellm devices`. */
export function devicesCommand(): Command {
  return new Command('devices')
    .description('Show which devices work here, whether they pass the accuracy check, and how fast they are.')
    .option('--fresh', 'try all devices again, not only after a change of the system', false)
    .option('--json', 'print as one line of JSON', false)
    .action(async ({ fresh, json }: { fresh: boolean; json: boolean }) => {
      const { checked, automatic, reports } = await ownDevices().survey({ fresh })
      if (json) console.log(JSON.stringify({ checked, automatic, devices: reports }))
      else {
        const rows = reports.map(row)
        console.log(table([['device', 'works', 'numbers', 'speed', 'reads', 'memory'], ...rows]))
        console.log(`\nauto: ${automatic.reason}`)
        for (const { device, problem } of reports)
          if (problem) console.log(`\n${device}: ${problem.reason}\n  ${problem.remedy}`)
      }
    })
}

function row({ device, works, rightNumbers, measured, memory }: DeviceReport): string[] {
  const name = device === 'cpu' ? 'cpu' : `${device} (${deviceNames[device]})`
  return [
    name,
    works ? 'yes' : 'no',
    works ? (rightNumbers ? 'right' : 'wrong') : '',
    measured ? gflops(measured.matrixGflops) : '',
    measured ? `${measured.bandwidthGBps.toPrecision(2)} GB/s` : '',
    memory ? `${formatBytes(memory.free)} of ${formatBytes(memory.total)} free` : '',
  ]
}
