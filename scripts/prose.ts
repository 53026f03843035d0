import ts from 'typescript'

/** Words that a person who reads English every day would not write, and what to write in their place. */
const banned: readonly { readonly pattern: RegExp; readonly instead: string }[] = [
  { pattern: /\banew\b/i, instead: 'again, re-' },
  { pattern: /\bmend(s|ed|ing)?\b/i, instead: 'fix' },
  { pattern: /\bat\s+the\s+(most|least)\b/i, instead: 'at most, up to, maximum; at least, minimum' },
  { pattern: /(?<!there )\b(is|are)\s+no\s+(absolute|token|number|answer)s?\b/i, instead: 'isn’t a …' },
  { pattern: /\b(go(es)?|going|went|gone)\s+on\b/i, instead: 'continue, resume' },
  { pattern: /\bshall\b/i, instead: 'should, will, must' },
  { pattern: /\breckon(s|ed|ing)?\b/i, instead: 'compute, estimate' },
  { pattern: /\bgives?\s+right\s+numbers\b/i, instead: 'passes the accuracy check' },
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

/**
 * A source text of which only string literals, the text of templates and doc comments are left, in their places. A phrase
 * that a doc comment breaks at the end of a line is found too: the asterisk before the next line is blanked out.
 */
export function wordsOf(source: string, path: string): string {
  const left: string[] = Array.from({ length: source.length }, (_, i) => (source[i] === '\n' ? '\n' : ' '))
  const keepRange = (text: string, start: number) => {
    for (let i = 0; i < text.length; i++) left[start + i] = text[i]!
  }
  const keep = (node: ts.Node) => keepRange(source.slice(node.getStart(), node.getEnd()), node.getStart())
  const keepDocComments = (node: ts.Node) => {
    for (const { pos, end } of ts.getLeadingCommentRanges(source, node.getFullStart()) ?? []) {
      const comment = source.slice(pos, end)
      if (comment.startsWith('/**')) keepRange(comment.replace(/^(\s*)\*/gm, '$1 '), pos)
    }
  }
  const visit = (node: ts.Node) => {
    keepDocComments(node)
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
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true, kind)
  visit(file)
  // A comment that stands alone at the end belongs to no other node.
  keepDocComments(file.endOfFileToken)
  return left.join('')
}
