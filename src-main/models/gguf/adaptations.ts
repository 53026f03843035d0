import type { Architecture, FeedForward, Layer, Linear, Norm } from '../architecture.ts'

/** A change of an architecture, where a GGUF's weights are others than those that config.json's family describes. */
export type Adaptation = (architecture: Architecture) => Architecture

/** llama.cpp's converter adds the one to the gains of Gemma. */
export const gainsAsStored: Adaptation = (architecture) =>
  mapNorms(architecture, (norm) => ({ ...norm, plusOne: false }))

/** llama.cpp's converter turns the weights of GPT-2. */
export const untransposed: Adaptation = (architecture) =>
  mapLinears(architecture, (linear) =>
    linear.transposed
      ? {
          ...linear,
          transposed: false,
          weight: { ...linear.weight, shape: [...linear.weight.shape].reverse() },
        }
      : linear,
  )

/** llama.cpp's converter puts all queries of GPT-NeoX first, then all keys and all values. */
export const fusedInBlocks: Adaptation = (architecture) =>
  mapLayers(architecture, (layer) => {
    const { projection } = layer.attention
    if (projection.kind !== 'fused') return layer
    return { ...layer, attention: { ...layer.attention, projection: { ...projection, order: 'blocks' } } }
  })

/** Divides the frequencies of the rotary embedding (Llama 3's `rope_freqs`). */
export const withSlowedRotary =
  (factors: Float32Array): Adaptation =>
  (architecture) =>
    mapLayers(architecture, (layer) => {
      const { rotary } = layer.attention
      if (!rotary) return layer
      const frequencies = rotary.frequencies.map((frequency, i) => frequency / factors[i]!)
      return { ...layer, attention: { ...layer.attention, rotary: { ...rotary, frequencies } } }
    })

function mapLayers(architecture: Architecture, change: (layer: Layer) => Layer): Architecture {
  return { ...architecture, layers: architecture.layers.map(change) }
}

function mapNorms(architecture: Architecture, change: (norm: Norm) => Norm): Architecture {
  const orNone = (norm: Norm | null) => norm && change(norm)
  const changed = mapLayers(architecture, (layer) => ({
    ...layer,
    attention: {
      ...layer.attention,
      queryNorm: orNone(layer.attention.queryNorm),
      keyNorm: orNone(layer.attention.keyNorm),
    },
    norms: {
      attentionInput: orNone(layer.norms.attentionInput),
      attentionOutput: orNone(layer.norms.attentionOutput),
      feedForwardInput: orNone(layer.norms.feedForwardInput),
      feedForwardOutput: orNone(layer.norms.feedForwardOutput),
    },
  }))
  return { ...changed, finalNorm: change(architecture.finalNorm) }
}

function mapLinears(architecture: Architecture, change: (linear: Linear) => Linear): Architecture {
  const feedForward = (block: FeedForward): FeedForward => {
    const { down } = block
    switch (block.kind) {
      case 'gated':
        return { ...block, gate: change(block.gate), up: change(block.up), down: change(down) }
      case 'fused-gated':
        return { ...block, gateUp: change(block.gateUp), down: change(down) }
      case 'plain':
        return { ...block, up: change(block.up), down: change(down) }
    }
  }
  return mapLayers(architecture, (layer) => {
    const { projection, output } = layer.attention
    return {
      ...layer,
      attention: {
        ...layer.attention,
        projection:
          projection.kind === 'fused'
            ? { ...projection, linear: change(projection.linear) }
            : {
                ...projection,
                query: change(projection.query),
                key: change(projection.key),
                value: change(projection.value),
              },
        output: change(output),
      },
      feedForward: feedForward(layer.feedForward),
    }
  })
}
