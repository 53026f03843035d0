/** Prints 2 + 3 as onnxruntime has it where nobody tells it to send no usage data: what it leaves then is what it must not leave. */
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { add, input } from '../../graph/index.ts'
import { encodeOnnx } from '../../graph/onnx.ts'

const session = await InferenceSession.create(encodeOnnx({ sum: add(input('a', []), input('b', [])) }))
const scalar = (value: number) => new Tensor('float32', [value], [])
const { sum } = await session.run({ a: scalar(2), b: scalar(3) })
console.log(sum!.data[0])
await session.release()
