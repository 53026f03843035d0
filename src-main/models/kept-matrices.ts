import { splittableBlock, splittableTypes } from '../formats/gguf.ts'
import { linearWeightGroups, weightShapes, type Architecture, type KeptBytes } from './architecture.ts'
import type { WeightFacts } from './weight-store.ts'

type Weights = ReadonlyMap<string, WeightFacts>

/** Names of matrices [out, in] of linear layers, of the LM head and of the embedding; those that read the same numbers are in one list. */
export function matrixGroups(architecture: Architecture): string[][] {
  const groups = linearWeightGroups(architecture).map((group) =>
    group.filter(({ transposed }) => !transposed).map(({ weight }) => weight.name),
  )
  return architecture.tiedHead ? groups : [...groups, [architecture.embedding.weight.name]]
}

/** Matrices in blocks of `splittableTypes`, which can be computed with as they are. */
export function keptMatrices(architecture: Architecture, weights: Weights): ReadonlySet<string> {
  const names = matrixGroups(architecture).flat()
  return new Set(names.filter((name) => splittableTypes.has(weights.get(name)!.type)))
}

/** What weights take where blocks are kept; undefined: there are none. */
export function keptBytes(architecture: Architecture, weights: Weights): KeptBytes | undefined {
  const kept = keptMatrices(architecture, weights)
  if (kept.size === 0) return undefined
  const { embedding, head } = architecture
  const apart = [embedding.weight.name, embedding.positions?.name]
  const bytesOf = (name: string) => {
    if (!kept.has(name)) return 4
    const { bits, hasMinima } = splittableTypes.get(weights.get(name)!.type)!
    return bits / 8 + (hasMinima ? 8 : 4) / splittableBlock
  }
  let [bytes, count] = [0, 0]
  for (const [name, shape] of weightShapes(architecture)) {
    if (name === head.weight.name || apart.includes(name)) continue
    const values = shape.reduce((product, dimension) => product * dimension, 1)
    bytes += bytesOf(name) * values
    count += values
  }
  return { layers: bytes / count, head: bytesOf(head.weight.name) }
}
