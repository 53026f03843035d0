import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { nodesInOrder } from './traverse.ts'
import type { Attribute, DType, Node, Shape, Value } from './index.ts'
import { dtypeCodes } from './value.ts'

const irVersion = 10
const opsetVersion = 21

/**
 * A graph as an ONNX model (protobuf, onnx.proto3): the nodes that the outputs depend on, constants
 * inside, external tensors by file, offset and length.
 *
 * @param outputs name → value. A value may be an output under several names, or be an input itself.
 */
export function encodeOnnx(outputs: Readonly<Record<string, Value>>): Uint8Array {
  const results = Object.entries(outputs)
  const nodes = nodesInOrder(results.map(([, value]) => value))
  const names = nameValues(nodes, outputs)
  const used = new Set([...nodes.flatMap((node) => node.inputs), ...results.map(([, value]) => value)])
  const leaves = [...used].filter((value) => value !== null).filter((value) => value.source.kind !== 'node')

  const graph = new BinaryWriter()
  for (const node of nodes) message(graph, 1, (w) => writeNode(w, node, names))
  // An output that is an input too, or has a second name, needs a node to give it its name.
  for (const [name, value] of results)
    if (names(value) !== name)
      message(graph, 1, (w) => {
        string(w, 1, names(value))
        string(w, 2, name)
        string(w, 4, 'Identity')
      })
  string(graph, 2, 'graph')
  for (const leaf of leaves)
    if (leaf.source.kind !== 'input') message(graph, 5, (w) => writeTensor(w, leaf, names(leaf)))
  for (const leaf of leaves)
    if (leaf.source.kind === 'input') message(graph, 11, (w) => writeValueInfo(w, names(leaf), leaf))
  for (const [name, value] of results) message(graph, 12, (w) => writeValueInfo(w, name, value))

  const model = new BinaryWriter()
  int(model, 1, irVersion)
  message(model, 8, (w) => int(w, 2, opsetVersion))
  message(model, 8, (w) => {
    string(w, 1, 'com.microsoft')
    int(w, 2, 1)
  })
  model.tag(7, WireType.LengthDelimited).bytes(graph.finish())
  return model.finish()
}

/** The names of those nodes of a graph that `isWanted`, as `encodeOnnx` writes them. */
export function nodeNames(
  outputs: Readonly<Record<string, Value>>,
  isWanted: (node: Node) => boolean,
): string[] {
  const nodes = nodesInOrder(Object.values(outputs))
  const names = nameValues(nodes, outputs)
  return nodes.filter(isWanted).map((node) => names(node.outputs[0]!))
}

/** Outputs of the graph have their own names; the others are numbered. */
function nameValues(
  nodes: readonly Node[],
  outputs: Readonly<Record<string, Value>>,
): (value: Value) => string {
  const names = new Map<Value, string>()
  nodes.forEach((node, index) =>
    node.outputs.forEach((output, i) => names.set(output, `${index}_${node.operator}_${i}`)),
  )
  for (const [name, value] of Object.entries(outputs).reverse())
    if (value.source.kind === 'node') names.set(value, name)
  let constants = 0
  return (value) => {
    let name = names.get(value)
    if (name === undefined) {
      const { source } = value
      name = source.kind === 'input' || source.kind === 'external' ? source.name : `constant_${constants++}`
      names.set(value, name)
    }
    return name
  }
}

function writeNode(w: BinaryWriter, node: Node, names: (value: Value) => string) {
  for (const value of node.inputs) string(w, 1, value ? names(value) : '')
  for (const output of node.outputs) string(w, 2, names(output))
  string(w, 3, names(node.outputs[0]!))
  string(w, 4, node.operator)
  for (const [name, attribute] of Object.entries(node.attributes))
    message(w, 5, (a) => writeAttribute(a, name, attribute))
  if (node.domain) string(w, 7, node.domain)
}

/** AttributeProto: f = 2, i = 3, s = 4, ints = 8, type = 20. */
function writeAttribute(w: BinaryWriter, name: string, attribute: Attribute) {
  string(w, 1, name)
  if (typeof attribute === 'number') {
    int(w, 3, attribute)
    int(w, 20, 2)
  } else if (typeof attribute === 'string') {
    string(w, 4, attribute)
    int(w, 20, 3)
  } else if ('float' in attribute) {
    w.tag(2, WireType.Bit32).float(attribute.float)
    int(w, 20, 1)
  } else {
    for (const item of attribute) int(w, 8, item)
    int(w, 20, 7)
  }
}

/** TensorProto: dims = 1, data_type = 2, name = 8, raw_data = 9, external_data = 13, data_location = 14. */
function writeTensor(w: BinaryWriter, { shape, dtype, source }: Value, name: string) {
  for (const size of shape) int(w, 1, Number(size))
  int(w, 2, dtypeCodes[dtype])
  string(w, 8, name)
  if (source.kind === 'constant') {
    const { buffer, byteOffset, byteLength } = source.data
    w.tag(9, WireType.LengthDelimited).bytes(new Uint8Array(buffer, byteOffset, byteLength))
  } else if (source.kind === 'external') {
    const { file, offset, byteLength } = source.location
    const entries = { location: file, offset: String(offset), length: String(byteLength) }
    for (const [key, value] of Object.entries(entries))
      message(w, 13, (entry) => {
        string(entry, 1, key)
        string(entry, 2, value)
      })
    int(w, 14, 1)
  }
}

/** ValueInfoProto: name = 1, type = 2 { tensor_type = 1 { elem_type = 1, shape = 2 { dim = 1 { value = 1, param = 2 }}}}. */
function writeValueInfo(w: BinaryWriter, name: string, { shape, dtype }: { shape: Shape; dtype: DType }) {
  string(w, 1, name)
  message(w, 2, (type) =>
    message(type, 1, (tensor) => {
      int(tensor, 1, dtypeCodes[dtype])
      message(tensor, 2, (dimensions) => {
        for (const size of shape)
          message(dimensions, 1, (dimension) =>
            typeof size === 'number' ? int(dimension, 1, size) : string(dimension, 2, size),
          )
      })
    }),
  )
}

function int(w: BinaryWriter, field: number, value: number) {
  w.tag(field, WireType.Varint).int64(value)
}

function string(w: BinaryWriter, field: number, value: string) {
  w.tag(field, WireType.LengthDelimited).string(value)
}

function message(w: BinaryWriter, field: number, write: (inner: BinaryWriter) => void) {
  w.tag(field, WireType.LengthDelimited).fork()
  write(w)
  w.join()
}
