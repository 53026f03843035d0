/** An estimate with its 95 % confidence interval. */
export interface Interval {
  readonly value: number
  readonly low: number
  readonly high: number
}

/** A share, 0 to 1, with its 95 % confidence interval. */
export type Share = Interval

/** What was observed in a cluster: a sum (of hits, say) over `count` observations. */
export interface Cluster {
  readonly sum: number
  readonly count: number
}

/**
 * A mean over observations that come in clusters, with its 95 % confidence interval. Observations of one cluster
 * (positions of one window of text) depend on one another, so the clusters are what counts as drawn at random. The
 * mean r = Σ sumᵢ / Σ countᵢ is a ratio estimator, and its variance (Cochran, Sampling Techniques, 1977, section
 * 3.12) is n / (n − 1) · Σ (sumᵢ − r · countᵢ)² / (Σ countᵢ)² over n clusters, none of which is thought of as a part
 * of a finite population. The interval reaches 1.96 standard errors each way. With clusters of one observation
 * each it is the usual one of a mean.
 *
 * @returns an interval from −∞ to ∞ for a single cluster, which says nothing of how clusters differ; NaN for none
 */
export function clusteredMean(clusters: Iterable<Cluster>): Interval {
  const used = [...clusters].filter(({ count }) => count > 0)
  const total = used.reduce((sum, { count }) => sum + count, 0)
  const value = used.reduce((sum, cluster) => sum + cluster.sum, 0) / total
  if (used.length < 2) return { value, low: -Infinity, high: Infinity }
  const squares = used.reduce((sum, cluster) => sum + (cluster.sum - value * cluster.count) ** 2, 0)
  const margin = (1.96 * Math.sqrt((squares * used.length) / (used.length - 1))) / total
  return { value, low: value - margin, high: value + margin }
}

/** `clusteredMean` of hits: the interval stays between 0 and 1. */
export function clusteredShare(clusters: Iterable<Cluster>): Share {
  const { value, low, high } = clusteredMean(clusters)
  return { value, low: Math.max(0, low), high: Math.min(1, high) }
}
