import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import ts from 'typescript'
import { expect, it } from 'vitest'
import { families } from '../src-main/models/families/index.ts'
import { root, sourceFiles } from './source-files.ts'

const read = (path: string) => readFileSync(join(root, path), 'utf8')
const documents = [
  ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md'],
  ...ts.sys.readDirectory(join(root, 'docs'), ['.md']).map((path) => relative(root, path)),
]

it('every link and picture of a document leads to a file', () => {
  const lost = documents.flatMap((document) =>
    [...read(document).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)]
      .map(([, target]) => target!)
      .filter((target) => !existsSync(join(root, dirname(document), target)))
      .map((target) => `${document}: ${target}`),
  )
  expect(lost).toEqual([])
})

it('docs/command-line.md names every command', () => {
  const text = read('docs/command-line.md')
  const commands = sourceFiles('src-main/cli')
    .flatMap((path) => [...readFileSync(path, 'utf8').matchAll(/new Command\('([a-z]+)'\)/g)])
    .map(([, name]) => name!)
    .filter((name) => name !== 'spellm')
  expect(commands.length).toBeGreaterThan(8)
  expect(commands.filter((name) => !new RegExp(`\`${name}[\` ]`).test(text))).toEqual([])
})

it('docs/models.md names every architecture', () => {
  const text = read('docs/models.md')
  expect([...families.keys()].filter((type) => !text.includes(`\`${type}\``))).toEqual([])
})

it('CONTRIBUTING.md stays short', () => {
  expect(Buffer.byteLength(read('CONTRIBUTING.md'))).toBeLessThan(4096)
})
