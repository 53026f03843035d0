import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { SpellmError } from '../../base/errors.ts'
import * as ort from '../onnxruntime.ts'
import { deviceNames, type Device } from './device.ts'

/** Why a device can't be used, and what to do about it; a sentence each. */
export interface DeviceProblem {
  readonly reason: string
  readonly remedy: string
}

const system = { linux: 'Linux', darwin: 'macOS', win32: 'Windows' }[process.platform as string]
const here = `${system ?? process.platform} on ${process.arch}`

const builtFor: Readonly<Record<Device, string>> = {
  cpu: 'every system',
  cuda: 'Linux on x64',
  dml: 'Windows',
  coreml: 'macOS',
  webgpu: 'Windows, macOS, and Linux on x64',
}

/** Not in the npm package: its install script fetches them, which package.json forbids because of their size. */
const cudaLibraries = ['libonnxruntime_providers_shared.so', 'libonnxruntime_providers_cuda.so']

const useAnother = 'Compute on another device.'
const needsCuda =
  'It needs an NVIDIA card with its driver, CUDA 12 and cuDNN 9, where the system’s loader finds them.'

/** Why this installation can't have a device, whatever the hardware; null: only a try can tell. */
export function missingFromInstallation(device: Device): DeviceProblem | null {
  if (!ort.listSupportedBackends().some(({ name }) => name === device))
    return {
      reason: `onnxruntime has ${deviceNames[device]} for ${builtFor[device]} only; this is ${here}.`,
      remedy: useAnother,
    }
  const missing = device === 'cuda' ? missingCudaLibraries() : []
  if (missing.length === 0) return null
  return {
    reason: `onnxruntime's CUDA libraries are not installed: ${missing.join(' and ')} ${missing.length > 1 ? 'are' : 'is'} missing.`,
    // Not by npm, which doesn't run the script and refuses its option from version 12 on.
    remedy: `Install them with 'node node_modules/onnxruntime-node/script/install --onnxruntime-node-install=cuda12'. ${needsCuda}`,
  }
}

function missingCudaLibraries(): string[] {
  const folder = nativeFolder()
  return folder === null ? [] : cudaLibraries.filter((name) => !existsSync(join(folder, name)))
}

/** The folder of onnxruntime's own libraries; null where it can't be found. */
function nativeFolder(): string | null {
  try {
    const main = createRequire(import.meta.url).resolve('onnxruntime-node')
    return join(dirname(main), '..', 'bin', 'napi-v6', process.platform, process.arch)
  } catch {
    return null
  }
}

/** What onnxruntime says when a provider can't begin. */
export function describeProviderFailure(device: Device, message: string): DeviceProblem {
  if (device === 'webgpu' && /adapter/i.test(message))
    return {
      reason: 'No graphics card was found that WebGPU can use.',
      remedy: `Install the driver of the graphics card, with ${process.platform === 'linux' ? 'Vulkan' : process.platform === 'darwin' ? 'Metal' : 'Direct3D 12'}. In a container, pass the card through. ${useAnother}`,
    }
  if (device === 'cuda' && /shared library|cannot open|libcu|cudnn|cublas/i.test(message))
    return { reason: `CUDA could not be loaded: ${firstLine(message)}`, remedy: needsCuda }
  if (device === 'cuda' && /no CUDA-capable device|CUDA driver version is insufficient/i.test(message))
    return { reason: `CUDA finds no usable card: ${firstLine(message)}`, remedy: needsCuda }
  return {
    reason: `${capital(deviceNames[device])} could not be started: ${firstLine(message)}`,
    remedy: `Update the driver of the graphics card. ${useAnother}`,
  }
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

/** Without the addresses of source files that onnxruntime begins with. */
function firstLine(message: string): string {
  const [line = ''] = message.trim().split('\n')
  const short = line.replace(/^\S*\/onnxruntime\/\S+:\d+ .*?\bwas false\. /, '').slice(0, 300)
  return /[.!?]$/.test(short) ? short : `${short}.`
}

/** The error of a computation that can't be done on its device. */
export function unavailableDevice({ reason, remedy }: DeviceProblem, cause?: Error): SpellmError {
  return new SpellmError('device-unavailable', reason, remedy, cause ? { cause } : {})
}
