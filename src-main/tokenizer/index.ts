/** Hugging Face tokenizers (tokenizer.json): text ↔ token ids, and the bytes that each token stands for. */
export { openTokenizer, type Tokenizer } from './open.ts'
