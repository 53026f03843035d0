/** GGUF, the format of llama.cpp: metadata, vocabulary and weights of a model in one file, or in several parts. */
export { openGguf, openIfGguf } from './gguf/open.ts'
export type { GgufFile, GgufTensor } from './gguf/header.ts'
export { readField } from './gguf/metadata.ts'
export { readableTypes } from './gguf/dequantize.ts'
export { readGgufBytes, readGgufRows, requireReadable } from './gguf/read-rows.ts'
export { unsupportedGguf, invalidGguf } from './gguf/errors.ts'
export { splitBlocks, splittableBlock, splittableTypes } from './gguf/blocks.ts'
