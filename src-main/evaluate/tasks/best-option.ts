/**
 * The option that is picked: the first with the highest log-likelihood over its length (numpy's `argmax`, which the
 * harness uses).
 *
 * @param lengths 1 for each: the log-likelihoods as they are
 */
export function bestOption(
  logLikelihoods: readonly number[],
  lengths: readonly number[] = logLikelihoods.map(() => 1),
): number {
  const scores = logLikelihoods.map((value, i) => value / lengths[i]!)
  return scores.reduce((best, score, i) => (score > scores[best]! ? i : best), 0)
}
