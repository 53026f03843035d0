import { parseTemplate, type Template } from './template.ts'

/** One shape of story: what may happen, and every way of telling each beat of it. */
export interface Plot {
  readonly name: string
  /** Each case is a row of facts that belong together, in the order in which they are filled. */
  readonly cases: readonly (readonly (readonly [fact: string, value: Template])[])[]
  /** Paragraphs of beats of variants: a story uses one variant of every beat. */
  readonly paragraphs: readonly (readonly (readonly Template[])[])[]
}

/**
 * Reads a plot from two plain-text tables.
 *
 * `cases`: a header line with the facts' names, then a row a line, columns separated by " ; ".
 * `telling`: a variant a line, a blank line between beats, `---` between paragraphs; the variant
 * `-` leaves its beat out. Throws a SyntaxError when a row has another number of columns.
 */
export function plot(name: string, cases: string, telling: string): Plot {
  const [header = [], ...rows] = linesOf(cases).map((line) => line.split(/\s+;\s+/))
  return {
    name,
    cases: rows.map((row) => {
      if (row.length !== header.length) {
        throw new SyntaxError(`plot "${name}": ${header.length} columns expected in: ${row.join(' ; ')}`)
      }
      return header.map((fact, column) => [fact, parseTemplate(row[column]!)] as const)
    }),
    paragraphs: telling.split(/^\s*---\s*$/m).map((paragraph) =>
      paragraph
        .trim()
        .split(/\n\s*\n/)
        .map((beat) => linesOf(beat).map((line) => parseTemplate(line === '-' ? '' : line))),
    ),
  }
}

/** The non-empty lines of a block of text, without indentation. */
export function linesOf(block: string): string[] {
  return block
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}
