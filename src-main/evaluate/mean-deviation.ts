/** Collects numbers, then tells their mean and standard deviation (Welford 1962); NaN of none. */
export function createDeviationMeter() {
  let count = 0
  let mean = 0
  let squares = 0
  return {
    add: (value: number) => {
      const before = value - mean
      mean += before / ++count
      squares += before * (value - mean)
    },
    result: () => ({ mean: count === 0 ? NaN : mean, deviation: Math.sqrt(squares / count) }),
  }
}
