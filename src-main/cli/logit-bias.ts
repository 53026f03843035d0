import { InvalidArgumentError, Option } from 'commander'
import { z } from 'zod'
import { banBias } from '../decode/logits-processor.ts'
import { SpellmError } from '../base/errors.ts'
import type { Tokenizer } from '../tokenizer/index.ts'

/** A token, by its id or by what it reads, and what its score gains. */
export interface NamedBias {
  readonly token: number | string
  readonly bias: number
}

/** `--logit-bias`. */
export function logitBiasOption(): Option {
  return new Option(
    '--logit-bias <token=bias...>',
    'add to the scores of these tokens, each an id or its text: 42=3, "Once=-2"; -100 or -inf: never this token',
  ).argParser((text: string, earlier: readonly NamedBias[] | undefined): NamedBias[] => [
    ...(earlier ?? []),
    namedBias(text),
  ])
}

/** `42=3`, `Once=-2`, and for a text of digits `"42"=3`. */
function namedBias(text: string): NamedBias {
  const place = text.lastIndexOf('=')
  const [name, value] = [text.slice(0, place), text.slice(place + 1).trim()]
  const bias = value === '-inf' ? banBias : Number(value)
  if (place < 1 || value === '' || !(Math.abs(bias) <= -banBias))
    throw new InvalidArgumentError(
      `Expected a token's id or text, '=' and a number from ${banBias} to ${-banBias}, or -inf.`,
    )
  if (/^\d{1,9}$/.test(name)) return { token: Number(name), bias }
  return { token: name.startsWith('"') ? quoted(name) : name, bias }
}

function quoted(text: string): string {
  try {
    return z.string().min(1).parse(JSON.parse(text))
  } catch {
    throw new InvalidArgumentError(`${text} isn't a quoted text.`)
  }
}

/**
 * The ids that biases are of.
 *
 * @throws SpellmError 'setting-invalid' for a text that isn't one token
 */
export function resolveBiases(
  biases: readonly NamedBias[],
  tokenizer: Pick<Tokenizer, 'encode'>,
): (readonly [token: number, bias: number])[] {
  return biases.map(({ token, bias }) => {
    if (typeof token === 'number') return [token, bias]
    const ids = tokenizer.encode(token)
    const [id] = ids
    if (id !== undefined && ids.length === 1) return [id, bias]
    throw new SpellmError(
      'setting-invalid',
      `--logit-bias: ${JSON.stringify(token)} is ${ids.length} tokens of this model (${ids.join(', ')}).`,
      "Give a text that is one token, with its space if it has one, or ids, which 'spellm tokens' prints.",
    )
  })
}
