import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { findBanned, proseOf, wordsOf } from './prose.ts'
import { root, sourceFiles } from './source-files.ts'

/** Files and what of them a person reads. */
const texts = [
  ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md'].map((name) => join(root, name)),
  ...ts.sys.readDirectory(join(root, 'docs'), ['.md']),
  ...['src-main', 'src-renderer'].flatMap(sourceFiles),
]

describe('what a person reads', () => {
  it('is looked at: documents without blocks of code; strings and doc comments of the code, but no other comments', () => {
    expect(findBanned(proseOf('It goes on.\n```\ngo on\n```\nMend it.'))).toEqual([
      { line: 5, found: 'Mend', instead: 'fix' },
      { line: 1, found: 'goes on', instead: 'continue, resume' },
    ])
    const source = [
      '// go on',
      "const a = 'begins anew'",
      'const b = `a ${a} shall`',
      '/** What goes on. */',
      'interface C {',
      '  /**',
      '   * Tokens, ten at the',
      '   * most.',
      '   */',
      '  readonly d: number',
      '}',
      '/* shall */',
      '/** Mended. */',
    ].join('\n')
    const found = findBanned(wordsOf(source, 'a.ts')).map(({ line, found }) => `${line}: ${found}`)
    expect(found.map((each) => each.replace(/\s+/g, ' ')).sort()).toEqual([
      '13: Mended',
      '2: anew',
      '3: shall',
      '4: goes on',
      '7: at the most',
    ])
    expect(texts.length).toBeGreaterThan(300)
  })

  it('has none of the words that nobody says', () => {
    const found = texts.flatMap((path) => {
      const text = readFileSync(path, 'utf8')
      return findBanned(path.endsWith('.md') ? proseOf(text) : wordsOf(text, path)).map(
        ({ line, found, instead }) => `${relative(root, path)}:${line}: ${found} (write: ${instead})`,
      )
    })
    expect(found).toEqual([])
  })
})
