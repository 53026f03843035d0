/** GGUF, the format of llama.cpp: metadata, vocabulary and weights of a model in one file. */
export { isGgufPath, openGguf, type GgufFile, type GgufTensor } from './gguf/open.ts'
export { readField, type GgufMetadata, type GgufValue } from './gguf/metadata.ts'
export { readGgufRows, requireReadable, rowLength } from './gguf/read-rows.ts'
export { unsupportedGguf, invalidGguf } from './gguf/errors.ts'
export { readGgufChatTemplate, readGgufStopTokens } from './gguf/chat.ts'
export { tokenizerJson } from './gguf/tokenizer-json.ts'
