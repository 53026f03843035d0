/** A stretch of an axis. */
export type Range = readonly [from: number, to: number]

/** How much of what is shown is left by one press of a key or button. */
export const zoomFactor = 0.5

/** A zoom shows at least this share of everything. */
const smallestShare = 1e-4

/**
 * The range that shows `factor` times as much (less than 1: zoomed in), with `centre` staying where it is.
 *
 * @param full everything there is; null is returned when all of it is shown
 */
export function zoomed(range: Range, full: Range, factor: number, centre: number): Range | null {
  const span = range[1] - range[0]
  const wanted = Math.max(span * factor, (full[1] - full[0]) * smallestShare)
  const from = centre - ((centre - range[0]) / span) * wanted
  return within([from, from + wanted], full)
}

/** The range moved by a share of its width, not beyond what there is. */
export function panned(range: Range, full: Range, share: number): Range | null {
  const span = range[1] - range[0]
  return within([range[0] + share * span, range[1] + share * span], full)
}

/** The range moved, and if need be shrunk, into what there is; null if it covers all of it. */
export function within(range: Range, full: Range): Range | null {
  const span = range[1] - range[0]
  if (!(span < full[1] - full[0])) return null
  const from = Math.min(Math.max(range[0], full[0]), full[1] - span)
  return [from, from + span]
}
