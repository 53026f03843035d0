import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { findBanned, proseOf, stringsOf } from './prose.ts'
import { root, sourceFiles } from './source-files.ts'

/** Files and what of them a person reads. */
const texts = [
  ...['README.md', 'CONTRIBUTING.md'].map((name) => join(root, name)),
  ...ts.sys.readDirectory(join(root, 'docs'), ['.md']),
  ...['src-main', 'src-renderer'].flatMap(sourceFiles),
]

describe('what a person reads', () => {
  it('is looked at: documents and the strings of the code, but no comments and no blocks of code', () => {
    expect(findBanned(proseOf('It goes on.\n```\ngo on\n```\nMend it.'))).toEqual([
      { line: 5, found: 'Mend', instead: 'fix' },
      { line: 1, found: 'goes on', instead: 'continue, resume' },
    ])
    const source = "// go on\nconst a = 'begins anew'\nconst b = `a ${a} shall`\n"
    expect(findBanned(stringsOf(source, 'a.ts')).map(({ line, found }) => [line, found])).toEqual([
      [2, 'anew'],
      [3, 'shall'],
    ])
    expect(texts.length).toBeGreaterThan(300)
  })

  it('has none of the words that nobody says', () => {
    const found = texts.flatMap((path) => {
      const text = readFileSync(path, 'utf8')
      return findBanned(path.endsWith('.md') ? proseOf(text) : stringsOf(text, path)).map(
        ({ line, found, instead }) => `${relative(root, path)}:${line}: ${found} (write: ${instead})`,
      )
    })
    expect(found).toEqual([])
  })
})
