/** The safetensors format: 8 bytes header length (little endian), a JSON header, the tensors' bytes. */
export { checkFinite, readTensor, readTensorBytes } from './safetensors/read-tensor.ts'
export { openCheckpoint, readCheckpointIndex, type WeightFiles } from './safetensors/checkpoint.ts'
export { openSafetensors, type SafetensorsFile, type TensorEntry } from './safetensors/header.ts'
export { writeSafetensors, type TensorData } from './safetensors/write.ts'
export type { SafetensorsDtype } from './safetensors/dtypes.ts'
