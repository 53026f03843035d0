import { visibleText } from '../../components/tokens/visible-text.ts'

/** The symbols of a spelling, each in its box. */
export function Symbols({ symbols }: { readonly symbols: readonly string[] }) {
  return (
    <span className="symbols">
      {symbols.map((symbol, index) => (
        <bdi key={index}>{visibleText(symbol)}</bdi>
      ))}
    </span>
  )
}
