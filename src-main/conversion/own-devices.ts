import { join } from 'node:path'
import { createKnownDevices, type KnownDevices } from '../runtime/devices/known-devices.ts'
import { spawnProbe, type RunProbe } from '../runtime/devices/probe-child.ts'
import { dataFolder } from '../base/data-folder.ts'

/** The devices of this machine as the studio and the command line of a user know them. */
export function ownDevices(folder = dataFolder(undefined), runProbe: RunProbe = spawnProbe): KnownDevices {
  return createKnownDevices(join(folder, 'devices.json'), runProbe)
}
