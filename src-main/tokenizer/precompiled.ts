import { z } from 'zod'
import { requireModestGrowth } from './growth.ts'
import { invalid, readFields, type JsonPath } from './json-path.ts'

const maxCharsmapLength = 16 << 20

/**
 * SentencePiece's normalisation rules in compiled form: a length, a trie of sources as a double array (as the
 * library darts-clone lays it out), and the targets as NUL-terminated strings.
 *
 * @throws SpellmError 'file-invalid'
 */
export function precompiledNormalizer(json: object, place: JsonPath): (text: string) => string {
  const { precompiled_charsmap: charsmap } = readFields(
    z.strictObject({
      type: z.string(),
      precompiled_charsmap: z.base64().max(maxCharsmapLength).nullable(),
    }),
    json,
    place,
  )
  // SentencePiece writes no rules for the normalisation 'identity'.
  if (charsmap === null || charsmap === '') return (text) => text
  const bytes = Buffer.from(charsmap, 'base64')
  const trieBytes = bytes.length >= 4 ? bytes.readUInt32LE(0) : -1
  if (trieBytes < 4 || trieBytes % 4 !== 0 || trieBytes + 4 > bytes.length)
    throw invalid(place, "'precompiled_charsmap' is cut off")
  const trie = Uint32Array.from({ length: trieBytes / 4 }, (_, i) => bytes.readUInt32LE(4 + 4 * i))
  const targets = bytes.subarray(4 + trieBytes)

  const targetOf = (source: string): string | undefined => {
    const start = shortestPrefix(trie, Buffer.from(source))
    if (start === undefined || start >= targets.length) return undefined
    const end = targets.indexOf(0, start)
    return targets.toString('utf8', start, end < 0 ? targets.length : end)
  }
  const known = new Map<string, string>()
  const normalizeCluster = (cluster: string): string => {
    let normalized = known.get(cluster)
    if (normalized !== undefined) return normalized
    // SentencePiece looks for the longest source; the reference library looks up whole clusters below six bytes.
    const whole = Buffer.byteLength(cluster) < 6 ? targetOf(cluster) : undefined
    normalized = whole ?? Array.from(cluster, (character) => targetOf(character) ?? character).join('')
    if (known.size >= maxKnown) known.clear()
    known.set(cluster, normalized)
    return normalized
  }
  return (text) => {
    let normalized = ''
    for (const cluster of clustersOf(text)) {
      normalized += normalizeCluster(cluster)
      requireModestGrowth(text.length, normalized.length, place)
    }
    return normalized
  }
}

const maxKnown = 65_536
const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' })
/** UTF-16 units: the segmenter's time is quadratic in a text's length. */
const windowLength = 64

/** The text's grapheme clusters. */
function* clustersOf(text: string): Generator<string> {
  let length = windowLength
  for (let start = 0; start < text.length;) {
    const clusters = Array.from(
      segmenter.segment(text.slice(start, start + length)),
      ({ segment }) => segment,
    )
    if (start + length < text.length) {
      // The window may end within its last cluster.
      if (clusters.length === 1) {
        length *= 2
        continue
      }
      clusters.pop()
    }
    for (const cluster of clusters) {
      start += cluster.length
      yield cluster
    }
    length = windowLength
  }
}

/** The value of the shortest key in a darts-clone double array that `text` begins with. */
function shortestPrefix(trie: Uint32Array, text: Uint8Array): number | undefined {
  const offset = (unit: number) => (unit >>> 10) << ((unit & 0x200) >>> 6)
  let position = offset(trie[0]!)
  for (const byte of text) {
    if (byte === 0) return undefined
    position = (position ^ byte) >>> 0
    const unit = trie[position]
    if (unit === undefined || (unit & 0x800000ff) >>> 0 !== byte) return undefined
    position = (position ^ offset(unit)) >>> 0
    if ((unit >>> 8) & 1) return (trie[position] ?? 0) & 0x7fffffff
  }
  return undefined
}
