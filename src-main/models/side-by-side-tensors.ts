import type { TensorEntry } from '../formats/safetensors.ts'

/** Tensors that follow one another in a file as one, longer in its first axis; null if they don't. */
export function sideBySide(entries: readonly TensorEntry[]): TensorEntry | null {
  const [first] = entries
  const follow = entries.every(
    ({ offset, shape }, i) =>
      i === 0 ||
      (offset === entries[i - 1]!.offset + entries[i - 1]!.byteLength &&
        shape.slice(1).join() === first!.shape.slice(1).join()),
  )
  if (!follow) return null
  return {
    ...first!,
    name: entries.map(({ name }) => name).join('+'),
    shape: [entries.reduce((sum, { shape }) => sum + shape[0]!, 0), ...first!.shape.slice(1)],
    byteLength: entries.reduce((sum, { byteLength }) => sum + byteLength, 0),
  }
}
