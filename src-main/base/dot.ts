/** The product of `b` with as many numbers of `a` from `start` on. */
export function dot(a: ArrayLike<number>, start: number, b: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < b.length; i++) sum += a[start + i]! * b[i]!
  return sum
}
