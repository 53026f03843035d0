/** The decode modes of a SpeLLM (docs/decode-modes.md). */
export const decodeModes = ['trie', 'free', 'shortlist', 'gated', 'lossless'] as const
export type DecodeMode = (typeof decodeModes)[number]
