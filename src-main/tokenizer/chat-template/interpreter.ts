import * as library from '@huggingface/jinja'
import { strftimeNow } from './strftime.ts'

/** A value of the template's language. */
interface RuntimeValue {
  readonly type: string
  value: unknown
  toString(): string
}
interface Statement {
  readonly type: string
}
interface CallExpression extends Statement {
  readonly callee: Statement & {
    readonly object?: Statement
    readonly property?: Statement & { readonly value?: unknown }
    readonly computed?: boolean
  }
  readonly args: readonly Statement[]
}
interface Environment {
  set(name: string, value: unknown): unknown
}

// The package's type declarations import each other without file extensions, which TypeScript can't resolve
// under `nodenext`: what we use of it has to be stated here.
const { Environment, Interpreter, parse, tokenize } = library as unknown as {
  readonly Environment: new () => Environment
  readonly Interpreter: new (environment: Environment) => {
    run(program: object): RuntimeValue
    evaluate(statement: Statement | undefined, environment: Environment): RuntimeValue
    evaluateBlock(statements: readonly Statement[], environment: Environment): RuntimeValue
    evaluateCallExpression(expression: CallExpression, environment: Environment): RuntimeValue
  }
  readonly tokenize: (source: string, options: { lstrip_blocks: boolean; trim_blocks: boolean }) => object[]
  readonly parse: (tokens: object[]) => object
}

/** The template asked to refuse these messages, with its own words. */
export class TemplateRefusal extends Error {}

/** The template does more than rendering messages can need. */
export class WorkExceeded extends Error {}

/**
 * Renders a Jinja template as `transformers` renders chat templates. Nothing can be reached from it but `variables`
 * and the language's own functions.
 *
 * @param work how much may be done: each expression counts 1, and what is in its value (characters, items)
 * @throws TemplateRefusal for the template's own raise_exception, WorkExceeded, and the library's errors
 */
export function renderTemplate(
  source: string,
  variables: Readonly<Record<string, unknown>>,
  work: number,
): string {
  const environment = new Environment()
  const globals: Record<string, unknown> = {
    true: true,
    True: true,
    false: false,
    False: false,
    none: null,
    None: null,
    raise_exception: (message: unknown) => {
      throw new TemplateRefusal(String(message))
    },
    strftime_now: strftimeNow,
    range: (...bounds: unknown[]) => range(bounds, work),
    ...variables,
  }
  for (const [name, value] of Object.entries(globals)) environment.set(name, value)
  const program = parse(tokenize(withoutGenerationTags(source), { lstrip_blocks: true, trim_blocks: true }))
  return String(new BoundedInterpreter(environment, work).run(program).value)
}

/** transformers' own tag marks the assistant's words for training, and changes nothing of the text. */
function withoutGenerationTags(source: string): string {
  return source
    .replace(/\{%([-+]?)\s*generation\s*([-+]?)%\}/g, '{%$1 if true $2%}')
    .replace(/\{%([-+]?)\s*endgeneration\s*([-+]?)%\}/g, '{%$1 endif $2%}')
}

class BoundedInterpreter extends Interpreter {
  #left: number

  constructor(environment: Environment, work: number) {
    super(environment)
    this.#left = work
  }

  override evaluate(statement: Statement | undefined, environment: Environment): RuntimeValue {
    const value = super.evaluate(statement, environment)
    this.#left -= 1 + sizeOf(value.value)
    if (this.#left < 0) throw new WorkExceeded()
    return value
  }

  /** Like the library's own, except for what it writes otherwise than Python. */
  override evaluateBlock(statements: readonly Statement[], environment: Environment): RuntimeValue {
    const block = super.evaluateBlock([], environment)
    let text = ''
    for (const statement of statements)
      try {
        text += writtenAs(this.evaluate(statement, environment), statement)
      } catch (error) {
        if (text !== '' && isLoopControl(error))
          throw new Error('{% continue %} and {% break %} after text in the same pass are not supported', {
            cause: error,
          })
        throw error
      }
    block.value = text
    return block
  }

  /** The library's strip, lstrip and rstrip take no characters. */
  override evaluateCallExpression(expression: CallExpression, environment: Environment): RuntimeValue {
    const value = super.evaluateCallExpression(expression, environment)
    const { callee, args } = expression
    const strips = callee.computed === true ? undefined : stripSides[String(callee.property?.value)]
    if (!strips || !callee.object || args.length !== 1) return value
    const text = this.evaluate(callee.object, environment).value
    const characters = this.evaluate(args[0], environment).value
    if (typeof text === 'string' && typeof characters === 'string')
      value.value = stripped(text, characters, strips)
    return value
  }
}

interface Sides {
  readonly start: boolean
  readonly end: boolean
}
const stripSides: Partial<Record<string, Sides>> = {
  strip: { start: true, end: true },
  lstrip: { start: true, end: false },
  rstrip: { start: false, end: true },
}

function stripped(text: string, characters: string, { start, end }: Sides): string {
  const all = Array.from(text)
  const set = new Set(characters)
  let from = 0
  let to = all.length
  if (start) while (from < to && set.has(all[from]!)) from++
  if (end) while (to > from && set.has(all[to - 1]!)) to--
  return all.slice(from, to).join('')
}

function writtenAs(value: RuntimeValue, { type }: Statement): string {
  if (value.type === 'BooleanValue') return value.value === true ? 'True' : 'False'
  if (value.type === 'NullValue') return /(Expression|Literal|Identifier|Ternary)$/.test(type) ? 'None' : ''
  return value.type === 'UndefinedValue' ? '' : value.toString()
}

/** The library throws away what a pass of a loop has written when one of these ends it. */
function isLoopControl(error: unknown): boolean {
  return error instanceof Error && ['BreakControl', 'ContinueControl'].includes(error.constructor.name)
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string' || Array.isArray(value)) return value.length
  return value instanceof Map ? value.size : 0
}

/** The library's own would make the whole list before anything could be counted. */
function range(bounds: readonly unknown[], work: number): number[] {
  const numbers = bounds.map(Number)
  if (numbers.length < 1 || numbers.length > 3 || !numbers.every(Number.isSafeInteger))
    throw new Error('range() takes one to three whole numbers')
  const [start, stop] = numbers.length === 1 ? [0, numbers[0]!] : [numbers[0]!, numbers[1]!]
  const step = numbers[2] ?? 1
  if (step === 0) throw new Error('range() takes no step of zero')
  const length = Math.max(0, Math.ceil((stop - start) / step))
  if (length > work) throw new WorkExceeded()
  return Array.from({ length }, (_, i) => start + i * step)
}
