/**
 * The rooms of src-main and what imports what. `npm run draw:rooms` draws them into docs/develop/rooms.md;
 * `import-graph.test.ts` compares the file with the code, and finds circles.
 */
import { readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import ts from 'typescript'
import { root, sourceFiles } from './source-files.ts'

/** Where the drawing is. */
export const drawing = join(root, 'docs/develop/rooms.md')

/** What each file imports, types included, by paths below a folder. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>

/**
 * Reads the imports of a folder's TypeScript files, those of tests left out.
 *
 * @param folder below the root of the repository
 */
export function readImports(folder: string): ImportGraph {
  const top = join(root, folder)
  const name = (path: string) => relative(top, path).split(sep).join('/')
  return new Map(
    sourceFiles(folder).map((path) => {
      const { importedFiles } = ts.preProcessFile(readFileSync(path, 'utf8'))
      const own = importedFiles
        .filter(({ fileName }) => fileName.startsWith('.'))
        .map(({ fileName }) => name(resolve(dirname(path), fileName)))
      return [name(path), [...new Set(own)]]
    }),
  )
}

/** Groups of files, or rooms, each of which imports itself by way of the others (strongly connected components; Tarjan 1972). */
export function circlesOf(graph: ImportGraph): string[][] {
  const order = new Map<string, number>()
  const lowest = new Map<string, number>()
  const open: string[] = []
  const circles: string[][] = []
  const visit = (node: string) => {
    order.set(node, order.size)
    lowest.set(node, order.get(node)!)
    open.push(node)
    for (const next of graph.get(node) ?? []) {
      if (!order.has(next)) visit(next)
      if (open.includes(next)) lowest.set(node, Math.min(lowest.get(node)!, lowest.get(next)!))
    }
    if (lowest.get(node) !== order.get(node)) return
    const circle = open.splice(open.indexOf(node))
    if (circle.length > 1) circles.push(circle.sort())
  }
  for (const node of graph.keys()) if (!order.has(node)) visit(node)
  return circles
}

/** What each room, the first folder of a path, imports of others; what lies outside of all is none. */
export function roomsOf(graph: ImportGraph): ImportGraph {
  const rooms = new Map<string, Set<string>>()
  const roomOf = (path: string) => path.split('/')[0]!
  for (const [path, imports] of graph) {
    const room = roomOf(path)
    const others = rooms.get(room) ?? new Set()
    for (const other of imports.map(roomOf)) if (other !== room && other !== '..') others.add(other)
    rooms.set(room, others)
  }
  return new Map([...rooms].map(([room, others]) => [room, [...others].sort()]))
}

/**
 * The rooms as a Markdown page with a Mermaid graph. Everybody imports `base`, which isn't drawn, nor are arrows that a longer way
 * implies (the transitive reduction).
 */
export function drawRooms(rooms: ImportGraph): string {
  const drawn = new Map(
    [...rooms]
      .filter(([room]) => room !== 'base')
      .map(([room, others]) => [room, others.filter((other) => other !== 'base')]),
  )
  const reaches = (from: string, to: string): boolean =>
    (drawn.get(from) ?? []).some((next) => next === to || reaches(next, to))
  const arrows = [...drawn].flatMap(([room, others]) =>
    others
      .filter((other) => !others.some((between) => between !== other && reaches(between, other)))
      .map((other) => `  ${room} --> ${other}`),
  )
  return `# The rooms of src-main

Each arrow is an import; a room imports only what lies below it. Where one can be reached by way of another room, its own arrow is left
out, and so are those to \`base\`, which everybody may import. [architecture.md](architecture.md) says what is in each room, and \`eslint.config.js\` which may
import which. \`npm run draw:rooms\` draws this page; a test compares it with the code.

\`\`\`mermaid
flowchart TD
${arrows.join('\n')}
\`\`\`
`
}
