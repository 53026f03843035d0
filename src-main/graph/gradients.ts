import { derivatives } from './derivatives.ts'
import { sameShape } from './dimension.ts'
import { nodesInOrder } from './traverse.ts'
import { describeShape, GraphError, scalar, type Node, type Value } from './value.ts'
import { add } from './operators/elementwise.ts'
import { zeros } from './operators/layout.ts'

/**
 * The gradients of a scalar by reverse-mode differentiation: one value per parameter, of its shape;
 * zeros where the loss does not depend on it.
 *
 * @param loss float32, rank 0
 * @throws GraphError if the loss is not a scalar or a node between a parameter and the loss has no derivative
 */
export function gradients(loss: Value, parameters: readonly Value[]): Value[] {
  if (loss.shape.length !== 0)
    throw new GraphError(`gradients: the loss has shape ${describeShape(loss.shape)}, not []`)
  const nodes = nodesInOrder([loss])
  const depends = dependents(nodes, parameters)
  const cotangents = new Map<Value, Value>([[loss, scalar(1)]])

  for (const node of nodes.reverse()) {
    if (!node.outputs.some((output) => depends.has(output) && cotangents.has(output))) continue
    const incoming = cotangentsOf(node, cotangents)
    differentiatedBy(node).forEach((target, index) => {
      const cotangent = incoming[index]
      if (!target || !depends.has(target)) return
      if (!cotangent)
        throw new GraphError(`gradients: ${node.operator} is not differentiable in input ${index}`)
      if (!sameShape(cotangent.shape, target.shape))
        throw new GraphError(
          `gradients: ${node.operator} gave ${describeShape(cotangent.shape)} for an input of ${describeShape(target.shape)}`,
        )
      const sum = cotangents.get(target)
      cotangents.set(target, sum ? add(sum, cotangent) : cotangent)
    })
  }
  return parameters.map((parameter) => cotangents.get(parameter) ?? zeros(parameter.shape))
}

/** What a node is differentiated by: its inputs, or those of a composite that it ends. */
const differentiatedBy = ({ gradient, inputs }: Node): readonly (Value | null)[] => gradient?.inputs ?? inputs

/** The cotangents of what a node is differentiated by. Throws GraphError where its operator has no derivative. */
function cotangentsOf(node: Node, cotangents: ReadonlyMap<Value, Value>): readonly (Value | null)[] {
  const ofOutputs = node.outputs.map((output) => cotangents.get(output) ?? null)
  if (node.gradient) return node.gradient.vjp(ofOutputs[0]!)
  const ofInputs = derivatives[node.operator]?.(node, ofOutputs)
  if (!ofInputs)
    throw new GraphError(`gradients: ${node.operator} has no derivative but lies before the loss`)
  return ofInputs
}

/** The values that depend on any of the parameters, as far as derivatives are concerned. */
function dependents(nodes: readonly Node[], parameters: readonly Value[]): Set<Value> {
  const depends = new Set(parameters)
  for (const node of nodes)
    if (differentiatedBy(node).some((value) => value && depends.has(value)))
      for (const output of node.outputs) depends.add(output)
  return depends
}
