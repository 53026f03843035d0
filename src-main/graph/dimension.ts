/**
 * A dimension of a shape: a size known now, or a polynomial of named sizes known when the graph runs,
 * in canonical form (`tokens`, `4*tokens`, `capacity+tokens`), so that equal dimensions are equal strings.
 */
export type Dimension = number | string
export type Shape = readonly Dimension[]

/** Coefficient of each monomial; a monomial is its sorted symbols joined by `*`, the constant is ''. */
type Polynomial = Map<string, number>

function parse(dimension: Dimension): Polynomial {
  if (typeof dimension === 'number') return new Map([['', dimension]])
  const polynomial: Polynomial = new Map()
  for (const term of dimension.split('+')) {
    let coefficient = 1
    const symbols: string[] = []
    for (const factor of term.split('*')) {
      if (/^\d+$/.test(factor)) coefficient *= Number(factor)
      else symbols.push(factor)
    }
    const monomial = symbols.sort().join('*')
    polynomial.set(monomial, (polynomial.get(monomial) ?? 0) + coefficient)
  }
  return polynomial
}

function format(polynomial: Polynomial): Dimension {
  const terms = [...polynomial]
    .filter(([, coefficient]) => coefficient !== 0)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  if (terms.length === 0) return 0
  if (terms.length === 1 && terms[0]![0] === '') return terms[0]![1]
  return terms
    .map(([monomial, coefficient]) =>
      monomial === '' ? String(coefficient) : coefficient === 1 ? monomial : `${coefficient}*${monomial}`,
    )
    .join('+')
}

/** a + b. */
export function addDimensions(a: Dimension, b: Dimension): Dimension {
  if (typeof a === 'number' && typeof b === 'number') return a + b
  const sum = parse(a)
  for (const [monomial, coefficient] of parse(b)) sum.set(monomial, (sum.get(monomial) ?? 0) + coefficient)
  return format(sum)
}

/** a · b. */
export function multiplyDimensions(a: Dimension, b: Dimension): Dimension {
  if (typeof a === 'number' && typeof b === 'number') return a * b
  const product: Polynomial = new Map()
  for (const [left, p] of parse(a))
    for (const [right, q] of parse(b)) {
      const monomial = [...left.split('*'), ...right.split('*')].filter(Boolean).sort().join('*')
      product.set(monomial, (product.get(monomial) ?? 0) + p * q)
    }
  return format(product)
}

/** The number of elements of a shape: the product of its dimensions. */
export function elementCount(shape: Shape): Dimension {
  return shape.reduce(multiplyDimensions, 1)
}

/** Whether two shapes are equal whatever the named sizes turn out to be. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dimension, axis) => dimension === b[axis])
}

/** The number of elements of a shape without named sizes. Throws a RangeError for one that has any. */
export function staticElementCount(shape: Shape): number {
  const count = elementCount(shape)
  if (typeof count === 'string')
    throw new RangeError(`shape [${shape.join(', ')}] is not known before the run`)
  return count
}
