/** Hugging Face tokenizers (tokenizer.json): text ↔ token ids, and the bytes that each token stands for. */
export { openTokenizer, type EncodeOptions, type Tokenizer } from './open.ts'
export type { TextStream } from './text-stream.ts'
