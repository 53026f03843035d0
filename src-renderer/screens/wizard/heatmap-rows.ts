import type { SpellingPreview } from '../../../src-main/contract/index.ts'

export interface HeatmapRow {
  readonly specification: string
  /** Symbols, with END and special tokens. */
  readonly size: number
  /** Covered share for each k. */
  readonly covered: readonly number[]
}

/**
 * The rows of a heatmap from the smallest alphabet to the largest, whichever is chosen: so a row stays in its
 * place when another one is chosen.
 */
export function heatmapRows({ alphabets, covered }: SpellingPreview['heatmap']): HeatmapRow[] {
  const { compare } = new Intl.Collator('en', { numeric: true })
  return alphabets
    .map((alphabet, index) => ({ ...alphabet, covered: covered[index]! }))
    .sort((a, b) => a.size - b.size || compare(a.specification, b.specification))
}
