import * as ort from './onnxruntime.ts'
import { encodeOnnx } from '../graph/onnx.ts'
import type { Value } from '../graph/index.ts'
import { SpellmError } from '../base/errors.ts'
import type { Device } from './devices/device.ts'
import { describeProviderFailure, missingFromInstallation, unavailableDevice } from './devices/problems.ts'
import { keepsOutputs, providerOptions } from './devices/provider-options.ts'

export type { Device } from './devices/device.ts'

export interface SessionOptions {
  readonly device?: Device
  /** The folder that external tensors' file names are relative to. */
  readonly weightsFolder?: string
  /** Outputs that stay on the device, to be fed back to the next run, where the device `keepsOutputs`. */
  readonly keepOnDevice?: readonly string[]
  /** Threads of one operator; default: one for each physical core. */
  readonly threads?: number
  /**
   * Whether weights are repacked for matrix products at load (default), which on the CPU takes longer than
   * the rest of loading and a second copy of each weight in passing. Without it, products of single rows are as
   * fast, and those of hundreds of rows up to a fifth slower. Quantised weights need it.
   */
  readonly prepack?: boolean
}

export type Tensor = ort.Tensor
export type Feeds = Readonly<Record<string, Tensor>>

/** A graph made ready to run on a device. */
export interface Session {
  /**
   * Runs the graph. `results` names the outputs to fetch; a tensor given for a name receives that output
   * in place. It may be one of the feeds: on the CPU if the graph only reads it elementwise; on a device, where it must
   * lie there and nothing may be in `keepOnDevice`, if its last operator writes in place (ScatterElements does).
   */
  run(feeds: Feeds, results?: Readonly<Record<string, Tensor | null>>): Promise<Record<string, Tensor>>
  /** Frees the device memory. The session can't run afterwards. */
  release(): Promise<void>
}

/**
 * Compiles the graph of `outputs` for a device.
 *
 * @throws SpellmError 'device-unavailable' | 'out-of-memory' | 'model-invalid' (external data that can't be read)
 */
export async function createSession(
  outputs: Readonly<Record<string, Value>>,
  { device = 'cpu', weightsFolder, keepOnDevice = [], threads, prepack = true }: SessionOptions = {},
): Promise<Session> {
  const names = Object.keys(outputs)
  const onDevice = new Set(keepOnDevice)
  const configuration: ort.InferenceSession.SessionOptions = {
    ...providerOptions(device, outputs),
    graphOptimizationLevel: 'all',
    // A quarter to a third less memory, and no slower.
    enableMemPattern: false,
    interOpNumThreads: 1,
    // Below errors, onnxruntime reports that a device leaves nodes to the CPU.
    ...(device === 'cpu' ? {} : { logSeverityLevel: 3 as const }),
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    // A session that is told of locations puts no output into a tensor that is given for it.
    ...(keepsOutputs(device) && onDevice.size > 0
      ? {
          preferredOutputLocation: Object.fromEntries(
            names.map((name) => [name, onDevice.has(name) ? 'gpu-buffer' : 'cpu']),
          ),
        }
      : {}),
    extra: {
      session: {
        // Spinning between operators halves a small step's time; after a run it would steal the cores of the
        // next session.
        force_spinning_stop: '1',
        ...(prepack ? {} : { disable_prepacking: '1' }),
        ...(weightsFolder === undefined
          ? {}
          : { model_external_initializers_file_folder_path: weightsFolder }),
      },
    },
  }
  const missing = missingFromInstallation(device)
  if (missing) throw unavailableDevice(missing)
  const session = await ort.InferenceSession.create(encodeOnnx(outputs), configuration).catch(
    (error: unknown) => {
      throw describeCreationError(error, device)
    },
  )
  return {
    run: async (feeds, results) => {
      try {
        if (!results) return await session.run(feeds)
        const fetched: Record<string, Tensor> = await session.run(feeds, results)
        // A device's tensor comes back as a second one over the same memory, which nothing but this would free.
        for (const [name, given] of Object.entries(results))
          if (given && given.location !== 'cpu') {
            fetched[name]!.dispose()
            fetched[name] = given
          }
        return fetched
      } catch (error) {
        throw describeRuntimeError(error, device)
      }
    },
    release: () => session.release(),
  }
}

const allocationFailure =
  /failed to allocate|out of memory|bad_alloc|OUTOFMEMORY|0x8007000E|array buffer allocation failed|invalid (typed )?array length|failed to create buffer/i

/** Turns a failed allocation into a SpellmError 'out-of-memory'; returns every other error as it is. */
export function describeRuntimeError(error: unknown, device: Device): unknown {
  if (!(error instanceof Error) || !allocationFailure.test(error.message)) return error
  return new SpellmError(
    'out-of-memory',
    `The device '${device}' has not enough free memory for this model.`,
    'Close other programs, choose smaller batches, or use a smaller model.',
    { cause: error },
  )
}

const providerFailure =
  /no available backend|execution ?provider|adapter|shared library|CUDA|DirectML|DML|CoreML/i

function describeCreationError(error: unknown, device: Device): unknown {
  const described = describeRuntimeError(error, device)
  if (!(described instanceof Error) || described instanceof SpellmError || device === 'cpu') return described
  if (!providerFailure.test(described.message)) return described
  return unavailableDevice(describeProviderFailure(device, described.message), described)
}

/** A float32 tensor over `data`, without a copy. */
export function floatTensor(data: Float32Array, shape: readonly number[]): Tensor {
  return new ort.Tensor('float32', data, shape)
}

/**
 * A float16 tensor over bit patterns, without a copy. onnxruntime-node 1.30 cannot read a Float16Array, which its own
 * constructor would make of them where JavaScript has that: so it makes uint16, and the name of the type is changed.
 */
export function halfTensor(data: Uint16Array, shape: readonly number[]): Tensor {
  return Object.assign(new ort.Tensor('uint16', data, shape), { type: 'float16' as const })
}

/** A float32 tensor of rank 0. */
export function scalarTensor(value: number): Tensor {
  return new ort.Tensor('float32', Float32Array.of(value), [])
}

/** An int32 tensor over `data`, without a copy. */
export function int32Tensor(data: Int32Array, shape: readonly number[]): Tensor {
  return new ort.Tensor('int32', data, shape)
}

/** A uint8 tensor over `data`, without a copy. */
export function uint8Tensor(data: Uint8Array, shape: readonly number[]): Tensor {
  return new ort.Tensor('uint8', data, shape)
}

/** An int64 tensor with the numbers of `values`. */
export function int64Tensor(values: ArrayLike<number>, shape: readonly number[]): Tensor {
  return new ort.Tensor('int64', BigInt64Array.from(values, BigInt), shape)
}

/** The data of a float32 tensor on the CPU. Throws TypeError for another dtype. */
export function floatData(tensor: Tensor | undefined): Float32Array {
  if (!(tensor?.data instanceof Float32Array))
    throw new TypeError(`expected float32, got ${tensor?.type ?? 'no tensor'}`)
  return tensor.data
}

/**
 * The bit patterns of a float16 tensor on the CPU, without a copy: its data are a Float16Array where JavaScript has
 * that (Electron, Node.js from 24 on), else a Uint16Array. Throws TypeError for another dtype.
 */
export function halfData(tensor: Tensor | undefined): Uint16Array {
  const data: unknown = tensor?.data
  if (tensor?.type !== 'float16' || !ArrayBuffer.isView(data))
    throw new TypeError(`expected float16, got ${tensor?.type ?? 'no tensor'}`)
  return new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2)
}

/** The data of an int64 tensor on the CPU, as numbers. Throws TypeError for another dtype. */
export function int64Data(tensor: Tensor | undefined): Int32Array {
  if (!(tensor?.data instanceof BigInt64Array))
    throw new TypeError(`expected int64, got ${tensor?.type ?? 'no tensor'}`)
  return Int32Array.from(tensor.data, Number)
}
