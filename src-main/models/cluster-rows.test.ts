import { expect, it } from 'vitest'
import { seededRandom } from '../base/random.ts'
import { clusterRows, someRows } from './cluster-rows.ts'

const d = 6
const count = 5
const most = 30
const random = seededRandom(4)
/** Half of them point about the same way. */
const table = Array.from({ length: 120 }, (_, row) =>
  Array.from({ length: d }, (_, i) => random.normal() * (row < 60 ? 0.2 : 1) + (row < 60 && i === 0 ? 4 : 0)),
)
const rows = {
  read: (places: ArrayLike<number>) =>
    Float32Array.from(Array.from(places).flatMap((place) => table[place]!)),
}
const sizesOf = (clusterOf: Int32Array) =>
  Array.from({ length: count }, (_, cluster) => clusterOf.filter((own) => own === cluster).length)

it('moves what a crowded cluster has too much of to the next best ones with room', async () => {
  const free = await clusterRows(rows, d, table.length, { count })
  const even = await clusterRows(rows, d, table.length, { count, most })
  expect(Math.max(...sizesOf(free.clusterOf))).toBeGreaterThan(most)
  const sizes = sizesOf(even.clusterOf)
  expect(Math.max(...sizes)).toBeLessThanOrEqual(most)
  expect(sizes.reduce((sum, size) => sum + size)).toBe(table.length)

  const mean = Array.from(
    { length: d },
    (_, i) => table.reduce((sum, row) => sum + row[i]!, 0) / table.length,
  )
  const along = (row: number, cluster: number) =>
    table[row]!.reduce((sum, value, i) => sum + (value - mean[i]!) * free.directions[cluster * d + i]!, 0)
  const moved = Array.from(table.keys()).filter((row) => free.clusterOf[row] !== even.clusterOf[row])
  expect(moved.length).toBeGreaterThan(0)
  for (const row of moved) {
    const [from, to] = [free.clusterOf[row]!, even.clusterOf[row]!]
    // Those that stayed lie further along, and what it would have liked better is full.
    for (const other of table.keys())
      if (even.clusterOf[other] === from && free.clusterOf[other] === from)
        expect(along(other, from)).toBeGreaterThanOrEqual(along(row, from) - 1e-4)
    for (let cluster = 0; cluster < count; cluster++)
      if (along(row, cluster) > along(row, to) + 1e-4) expect(sizes[cluster]).toBe(most)
  }
  // The means are those of the rows that it has in the end.
  for (let cluster = 0; cluster < count; cluster++) {
    const members = table.filter((_, row) => even.clusterOf[row] === cluster)
    for (let i = 0; i < d; i++)
      expect(even.centroids[cluster * d + i]).toBeCloseTo(
        members.reduce((sum, row) => sum + row[i]!, 0) / members.length,
        4,
      )
  }
})

it('clusters some rows as if they were all', async () => {
  const tokens = [5, 70, 7, 99, 100, 101, 90, 3]
  const all = await clusterRows(someRows(rows, tokens), d, tokens.length, { count: 2 })
  const alone = { read: (places: ArrayLike<number>) => rows.read(Array.from(places, (i) => tokens[i]!)) }
  expect(all).toEqual(await clusterRows(alone, d, tokens.length, { count: 2 }))
})
