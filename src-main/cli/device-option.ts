import { Option } from 'commander'
import { deviceChoiceSchema, type Device, type DeviceChoice } from '../runtime/devices/device.ts'
import { ownDevices } from '../conversion/own-devices.ts'

/** `--device`, for commands that compute. */
export function deviceOption(): Option {
  return new Option(
    '--device <name>',
    "where to compute; auto: the fastest that passes the accuracy check, see 'spellm devices'",
  )
    .choices(deviceChoiceSchema.options)
    .default('auto')
}

/**
 * The device that a choice stands for; of 'auto', standard error says why.
 *
 * @throws SpellmError 'device-unavailable'
 */
export async function chosenDevice(choice: DeviceChoice): Promise<Device> {
  const { device, reason } = await ownDevices().resolve(choice)
  if (reason !== null) console.error(`Device: ${reason}`)
  return device
}

/** `--ignore-memory`, for commands that load a model. */
export function ignoreMemoryOption(): Option {
  return new Option('--ignore-memory', 'run even if memory may be insufficient').default(false)
}
