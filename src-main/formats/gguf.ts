/** GGUF, the format of llama.cpp: metadata, vocabulary and weights of a model in one file, or in several parts. */
export { openGguf, openIfGguf } from './gguf/open.ts'
export type { GgufFile, GgufTensor } from './gguf/header.ts'
export { readField, type GgufMetadata, type GgufValue } from './gguf/metadata.ts'
export { readableTypes } from './gguf/dequantize.ts'
export { readGgufBytes, readGgufRows, requireReadable, rowLength } from './gguf/read-rows.ts'
export { unsupportedGguf, invalidGguf } from './gguf/errors.ts'
export { splitBlocks, splittableBlock, splittableTypes, type SplitBlocks } from './gguf/blocks.ts'
