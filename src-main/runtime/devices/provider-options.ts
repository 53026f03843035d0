import { nodeNames } from '../../graph/onnx.ts'
import type { Node, Value } from '../../graph/index.ts'
import { nodesInOrder } from '../../graph/traverse.ts'
import type * as ort from '../onnxruntime.ts'
import type { Device } from './device.ts'

type Outputs = Readonly<Record<string, Value>>
type ProviderOptions = Pick<ort.InferenceSession.SessionOptions, 'executionProviders' | 'executionMode'>

/** COREML_FLAG_CREATE_MLPROGRAM | COREML_FLAG_USE_CPU_AND_GPU: the Neural Engine computes in float16 only. */
const coreMlFlags = 0x010 | 0x020

const options: Readonly<Record<Device, (outputs: Outputs) => ProviderOptions>> = {
  cpu: () => ({ executionProviders: ['cpu'] }),
  cuda: () => ({ executionProviders: ['cuda'] }),
  // DirectML refuses parallel execution and memory patterns, which are off for all.
  dml: () => ({ executionProviders: ['dml'], executionMode: 'sequential' }),
  coreml: () => ({ executionProviders: [{ name: 'coreml', coreMlFlags }] }),
  webgpu: (outputs) => {
    // Many cards have no float16, and onnxruntime finds out only when it runs.
    const forceCpuNodeNames = multipliesHalves(outputs) ? [] : nodeNames(outputs, convertsHalf)
    return {
      executionProviders: [
        {
          name: 'webgpu',
          // Buffers of the exact size are found again in each run, if all runs have the same sizes.
          storageBufferCacheMode: hasFixedShapes(outputs) ? 'simple' : 'bucket',
          // onnxruntime refuses an empty list.
          ...(forceCpuNodeNames.length > 0 ? { forceCpuNodeNames } : {}),
        },
      ],
    }
  },
}

/**
 * The options that a session needs for its device. The CPU does what the device can't, without being asked.
 *
 * Of CUDA's options the Node.js binding of onnxruntime 1.30 passes on only the card's number: limit and growth of
 * its memory can't be set.
 */
export function providerOptions(device: Device, outputs: Outputs): ProviderOptions {
  return options[device](outputs)
}

/** Whether outputs can stay on the device and be fed back. The Node.js binding can on WebGPU alone. */
export function keepsOutputs(device: Device): boolean {
  return device === 'webgpu'
}

function hasFixedShapes(outputs: Outputs): boolean {
  const isFixed = (value: Value | null) =>
    !value || value.shape.every((dimension) => typeof dimension === 'number')
  return nodesInOrder(Object.values(outputs)).every(({ inputs }) => inputs.every(isFixed))
}

/** Whether the graph needs a card with float16. */
function multipliesHalves(outputs: Outputs): boolean {
  return nodesInOrder(Object.values(outputs)).some(
    ({ operator, inputs }) =>
      (operator === 'Gemm' || operator === 'MatMul') && inputs.some((value) => value?.dtype === 'float16'),
  )
}

/** Looks up or converts float16 that is stored, and computes nothing with it. */
function convertsHalf({ operator, inputs, outputs }: Node): boolean {
  const touchesHalf = [...inputs, ...outputs].some((value) => value?.dtype === 'float16')
  return touchesHalf && (operator === 'Cast' || operator === 'Gather')
}
