import type { AttentionProjection, AttentionShape, Layer, Linear, Norm } from '../architecture.ts'

/** `NAME.weight` [outputs, inputs] and, if it has one, `NAME.bias`. */
export function linear(name: string, inputs: number, outputs: number, hasBias = false): Linear {
  return {
    weight: { name: `${name}.weight`, shape: [outputs, inputs] },
    transposed: false,
    bias: hasBias ? { name: `${name}.bias`, shape: [outputs] } : null,
  }
}

/** RMSNorm with the gain `NAME.weight`. */
export function rmsNorm(name: string, size: number, epsilon: number, plusOne = false): Norm {
  return { kind: 'rms', weight: { name: `${name}.weight`, shape: [size] }, bias: null, epsilon, plusOne }
}

/** LayerNorm with `NAME.weight` and `NAME.bias`. */
export function layerNorm(name: string, size: number, epsilon: number): Norm {
  return {
    kind: 'layer',
    weight: { name: `${name}.weight`, shape: [size] },
    bias: { name: `${name}.bias`, shape: [size] },
    epsilon,
    plusOne: false,
  }
}

/** Three weights, named as in Llama. */
export function separateProjection(
  prefix: string,
  hiddenSize: number,
  { heads, keyValueHeads, headSize }: AttentionShape,
  hasBias: boolean,
): AttentionProjection {
  const project = (name: string, count: number) =>
    linear(`${prefix}.${name}_proj`, hiddenSize, count * headSize, hasBias)
  return {
    kind: 'separate',
    query: project('q', heads),
    key: project('k', keyValueHeads),
    value: project('v', keyValueHeads),
  }
}

/** One layer for each index. */
export function repeat(layers: number, make: (index: number) => Layer): Layer[] {
  return Array.from({ length: layers }, (_, index) => make(index))
}
