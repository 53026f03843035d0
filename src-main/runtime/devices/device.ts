import { z } from 'zod'

/** onnxruntime's execution providers that this product computes on. */
export const devices = ['cpu', 'cuda', 'dml', 'coreml', 'webgpu'] as const
export type Device = (typeof devices)[number]
export const deviceSchema = z.enum(devices)

/** What a person may ask for: a device, or the fastest one that passes the accuracy check. */
export const deviceChoiceSchema = z.enum(['auto', ...devices])
export type DeviceChoice = z.infer<typeof deviceChoiceSchema>

export const deviceNames: Readonly<Record<Device, string>> = {
  cpu: 'the CPU',
  cuda: 'CUDA',
  dml: 'DirectML',
  coreml: 'Core ML',
  webgpu: 'WebGPU',
}
