/**
 * Compares a device with the CPU on small models of several architectures: weights in half precision, windows and
 * capped scores, biases and learned positions, fused weights, normalised queries. Prints name → what is wrong, or
 * null, as one line of JSON.
 */
import { join } from 'node:path'
import { openBaseModel } from '../../models/base-model.ts'
import { deviceSchema } from '../../runtime/devices/device.ts'
import { fitToDevice } from '../device-parity.ts'

const device = deviceSchema.parse(process.argv[2])
const problems: Record<string, string | null> = {}
for (const name of ['mqa-bf16', 'fp16-sharded', 'gemma3', 'gpt2', 'phi3', 'qwen3'])
  problems[name] = await openBaseModel(join(import.meta.dirname, '../../models/testing', name))
    .then((model) => fitToDevice(model, device))
    .then(
      () => null,
      (error: unknown) => String(error),
    )
console.log(JSON.stringify(problems))
