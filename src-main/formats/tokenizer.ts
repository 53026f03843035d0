/** Hugging Face tokenizers (tokenizer.json): text ↔ token ids, and the bytes that each token stands for. */
export { openTokenizer, type EncodeOptions, type Tokenizer } from './tokenizer/open.ts'
export type { TextStream } from './tokenizer/text-stream.ts'
