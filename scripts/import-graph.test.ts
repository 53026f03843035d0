import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { circlesOf, drawing, drawRooms, readImports, roomsOf, type ImportGraph } from './import-graph.ts'

const graphOf = (arrows: Readonly<Record<string, readonly string[]>>): ImportGraph =>
  new Map(Object.entries(arrows))

describe('circles', () => {
  it('are found, however long', () => {
    expect(circlesOf(graphOf({ a: ['b'], b: ['c'], c: ['a', 'd'], d: ['e'], e: ['d'], f: ['a'] }))).toEqual([
      ['d', 'e'],
      ['a', 'b', 'c'],
    ])
    expect(circlesOf(graphOf({ a: ['b', 'c'], b: ['c'], c: [] }))).toEqual([])
  })

  it.each(['src-main', 'src-renderer'])('%s has none', (folder) => {
    const imports = readImports(folder)
    expect(imports.size).toBeGreaterThan(100)
    expect(circlesOf(imports)).toEqual([])
  })
})

describe('the rooms of src-main', () => {
  const rooms = roomsOf(readImports('src-main'))

  it('import one another in one direction', () => expect(circlesOf(rooms)).toEqual([]))

  it('and are drawn as they are', async () => {
    expect(await readFile(drawing, 'utf8')).toBe(drawRooms(rooms))
  })
})
