import type { Node, Value } from './value.ts'

/** The nodes that `outputs` depend on, each after those it depends on. Iterative: graphs are deep. */
export function nodesInOrder(outputs: readonly Value[]): Node[] {
  const order: Node[] = []
  const state = new Map<Node, 'open' | 'done'>()
  const stack: Node[] = []
  const push = (value: Value | null) => {
    if (value?.source.kind === 'node' && !state.has(value.source.node)) stack.push(value.source.node)
  }
  for (const output of outputs) {
    push(output)
    while (stack.length > 0) {
      const node = stack.at(-1)!
      const seen = state.get(node)
      if (seen === undefined) {
        state.set(node, 'open')
        node.inputs.forEach(push)
      } else {
        stack.pop()
        if (seen === 'open') {
          state.set(node, 'done')
          order.push(node)
        }
      }
    }
  }
  return order
}
