/** Prints 2 + 3 as onnxruntime has it. */
import { add, input } from '../../graph/index.ts'
import { createSession, floatData, scalarTensor } from '../session.ts'

const session = await createSession({ sum: add(input('a', []), input('b', [])) })
const { sum } = await session.run({ a: scalarTensor(2), b: scalarTensor(3) })
console.log(floatData(sum)[0])
await session.release()
