import ts from 'typescript'

/** Words that a person who reads English every day would not write, and what to write in their place. */
const banned: readonly { readonly pattern: RegExp; readonly instead: string }[] = [
  { pattern: /\banew\b/i, instead: 'again, re-' },
  { pattern: /\bmend(s|ed|ing)?\b/i, instead: 'fix' },
  { pattern: /\bat the most\b/i, instead: 'at most, up to, maximum' },
  { pattern: /\b(is|are) no (absolute|token|number|answer)\b/i, instead: 'isn’t a …' },
  { pattern: /\bgo(es)? on\b/i, instead: 'continue, resume' },
  { pattern: /\bshall\b/i, instead: 'should, will' },
  { pattern: /\bgives? right numbers\b/i, instead: 'passes the accuracy check' },
]

/** What of a text is banned, with its line. */
export function findBanned(
  text: string,
): { readonly line: number; readonly found: string; readonly instead: string }[] {
  return banned.flatMap(({ pattern, instead }) =>
    [...text.matchAll(new RegExp(pattern.source, 'gi'))].map((match) => ({
      line: text.slice(0, match.index).split('\n').length,
      found: match[0],
      instead,
    })),
  )
}

/** A Markdown text with its blocks of code blanked out. */
export const proseOf = (markdown: string): string =>
  markdown.replace(/^```[\s\S]*?^```/gm, (block) => block.replace(/[^\n]/g, ' '))

/** A source text of which only string literals and the text of templates are left, in their places. */
export function stringsOf(source: string, path: string): string {
  const left: string[] = Array.from({ length: source.length }, (_, i) => (source[i] === '\n' ? '\n' : ' '))
  const keep = (node: ts.Node) => {
    for (let i = node.getStart(); i < node.getEnd(); i++) left[i] = source[i]!
  }
  const visit = (node: ts.Node) => {
    if (
      ts.isStringLiteral(node) ||
      ts.isNoSubstitutionTemplateLiteral(node) ||
      ts.isTemplateHead(node) ||
      ts.isTemplateMiddle(node) ||
      ts.isTemplateTail(node) ||
      ts.isJsxText(node)
    )
      keep(node)
    ts.forEachChild(node, visit)
  }
  const kind = path.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS
  visit(ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true, kind))
  return left.join('')
}
