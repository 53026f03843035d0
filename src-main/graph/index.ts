/** ONNX graphs from TypeScript: operators with shape inference, reverse-mode gradients, AdamW. */
export {
  type Dimension,
  type Shape,
  addDimensions,
  elementCount,
  multiplyDimensions,
  staticElementCount,
} from './dimension.ts'
export { type Attribute, type DType, type Node, type Value } from './value.ts'
export {
  GraphError,
  constant,
  createNode,
  createSingleOutputNode,
  external,
  input,
  int64Vector,
  scalar,
} from './value.ts'
export * from './operators/elementwise.ts'
export * from './operators/reduce.ts'
export * from './operators/layout.ts'
export * from './operators/matmul.ts'
export * from './operators/indexing.ts'
export * from './operators/softmax.ts'
export * from './operators/normalization.ts'
export { gradients } from './gradients.ts'
export { adamWUpdate, clipScale, globalNorm, type AdamWHyperparameters, type AdamWSchedule } from './adamw.ts'
