import { capitalise } from './english.ts'
import type { Random } from '../../src-main/base/random.ts'

/**
 * Text with holes, in a notation made for reading:
 * `{slot}` is a fact of the story (`{Slot}` with a capital), `[pool]` is any phrase of a shared
 * table, `(this|that|)` is a choice on the spot. All three may be nested.
 */
export type Template = readonly Part[]

type Part =
  | { readonly is: 'text'; readonly text: string }
  | { readonly is: 'slot'; readonly name: string; readonly capital: boolean }
  | { readonly is: 'pool'; readonly name: string }
  | { readonly is: 'choice'; readonly options: readonly Template[] }

/**
 * What a template is filled from. `introductions` holds what a slot says at its first mention
 * (but not as a possessive); `told` keeps a story from using one phrase twice.
 */
export interface Telling {
  readonly random: Random
  readonly facts: ReadonlyMap<string, string>
  readonly introductions: Map<string, string>
  readonly pools: Readonly<Record<string, readonly Template[]>>
  readonly told: Set<Template>
}

/** Parses the notation; throws a SyntaxError on an unbalanced bracket. */
export function parseTemplate(source: string): Template {
  let at = 0

  const sequence = (closers: string): Part[] => {
    const parts: Part[] = []
    let text = ''
    const flush = (): void => {
      if (text !== '') parts.push({ is: 'text', text })
      text = ''
    }
    while (at < source.length && !closers.includes(source.charAt(at))) {
      const character = source.charAt(at++)
      if (character === '{' || character === '[') {
        flush()
        parts.push(hole(character))
      } else if (character === '(') {
        flush()
        parts.push(choice())
      } else {
        text += character
      }
    }
    flush()
    return parts
  }

  const hole = (opener: '{' | '['): Part => {
    const end = source.indexOf(opener === '{' ? '}' : ']', at)
    if (end < 0) throw new SyntaxError(`unclosed ${opener} in template: ${source}`)
    const name = source.slice(at, end)
    at = end + 1
    const lower = name.toLowerCase()
    return opener === '[' ? { is: 'pool', name } : { is: 'slot', name: lower, capital: name !== lower }
  }

  const choice = (): Part => {
    const options: Template[] = []
    do {
      options.push(sequence('|)'))
      if (at >= source.length) throw new SyntaxError(`unclosed ( in template: ${source}`)
    } while (source.charAt(at++) === '|')
    return { is: 'choice', options }
  }

  return sequence('')
}

/** Fills a template; throws a ReferenceError when it names an unknown slot or pool. */
export function fill(template: Template, telling: Telling): string {
  let text = ''
  for (const [at, part] of template.entries()) {
    const next = template[at + 1]
    text += fillPart(part, telling, next?.is === 'text' && next.text.startsWith("'"))
  }
  return text
}

function fillPart(part: Part, telling: Telling, isPossessive: boolean): string {
  switch (part.is) {
    case 'text':
      return part.text
    case 'choice':
      return fill(telling.random.pick(part.options), telling)
    case 'slot': {
      const introduction = isPossessive ? undefined : telling.introductions.get(part.name)
      if (introduction !== undefined) telling.introductions.delete(part.name)
      const fact = introduction ?? telling.facts.get(part.name)
      if (fact === undefined) throw new ReferenceError(`unknown slot {${part.name}}`)
      return part.capital ? capitalise(fact) : fact
    }
    case 'pool': {
      const pool = telling.pools[part.name]
      if (pool === undefined) throw new ReferenceError(`unknown pool [${part.name}]`)
      const known = pool.filter((phrase) => !mentions(phrase, telling.introductions))
      return fill(pickFresh(known, telling), telling)
    }
  }
}

// Shared phrases only speak of those whom the story has introduced.
function mentions(template: Template, strangers: ReadonlyMap<string, string>): boolean {
  return template.some((part) => {
    if (part.is === 'slot') return strangers.has(part.name)
    return part.is === 'choice' && part.options.some((option) => mentions(option, strangers))
  })
}

/** Picks a template, with a few more tries when this story has used it before. */
export function pickFresh(templates: readonly Template[], { random, told }: Telling): Template {
  let picked = random.pick(templates)
  for (let tries = 0; told.has(picked) && tries < 6; tries++) picked = random.pick(templates)
  told.add(picked)
  return picked
}
