/** One token of a tokenizer's vocabulary; its place in the list is its id. */
export interface VocabularyEntry {
  /** The bytes that the token adds to the text. */
  readonly bytes: Uint8Array
  /** Whether it is a control token, such as the end of a text, that stands for no text. */
  readonly special: boolean
  /** The token as the tokenizer's file writes it, for people to read. */
  readonly content: string
  /**
   * How early the tokenizer learnt it: the order of merges, or of a Unigram tokenizer's scores, the highest first. Absent
   * where it learnt nothing of the kind, as for single bytes and added tokens.
   */
  readonly rank?: number | undefined
}
