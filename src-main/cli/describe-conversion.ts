import type { ConversionResult } from '../conversion/result.ts'
import { formatCount, formatSeconds, formatShare, table } from './output.ts'

/** The result for a person. */
export function describeResult({
  agreement,
  coverage,
  words,
  parameters,
  ...result
}: ConversionResult): string {
  return [
    `Agreement with the base model on ${agreement.positions.toLocaleString('en')} held-out positions:`,
    table([
      ['  trie', formatShare(agreement.trie)],
      ['  free', formatShare(agreement.free)],
    ]),
    result.groups === 0
      ? `k = ${result.k}, alphabet of ${result.alphabetSize} symbols; of the text's tokens ${formatShare(coverage.corpus.covered)} are spelled whole.`
      : `${result.groups.toLocaleString('en')} learned groups of tokens; nothing is spelled.`,
    ...(words === null
      ? []
      : [
          `Of its words, ${words.tokensPerWord.toFixed(2)} tokens each, ${formatShare(words.covered)} are spelled whole; a step can emit up to ${words.tokensPerStep.toFixed(2)} tokens.`,
        ]),
    ...(result.tokenSymbols === 0
      ? []
      : [
          `${result.tokenSymbols.toLocaleString('en')} tokens are symbols of their own; a token without a doubt reads ${formatShare(result.tailShare ?? 0)} of the LM head's weights.`,
        ]),
    ...describeVerdict(result.verdict),
    ...(result.source === null ? [] : [`All figures are those of weights from ${result.source}.`]),
    `Tail of ${formatCount(parameters.tail)} parameters in place of an LM head of ${formatCount(parameters.baseHead)}.`,
    ...(result.samplingTail
      ? [
          `A second tail for sampling, ${result.samplingTail.divergence.toFixed(3)} nats from the base model's distribution.`,
        ]
      : []),
    `${formatCount(result.tokens)} tokens, ${result.steps} steps, ${formatSeconds(result.seconds)}${result.device === null ? '' : `, on ${result.device}`}.`,
  ].join('\n')
}

function describeVerdict(verdict: ConversionResult['verdict']): string[] {
  if (verdict === null) return []
  const { mode, speedup, sameText } = verdict
  const text = sameText ? "the base model's text, token for token" : "not the base model's text everywhere"
  const pace = speedup === null ? '' : `, at ${speedup.toFixed(2)} times its speed on this machine`
  return [`In ${mode} mode it writes ${text}${pace}.`]
}
