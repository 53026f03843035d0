import { z } from 'zod'
import { readField, unsupportedGguf, type GgufFile } from '../../formats/gguf.ts'

/** Keys that say nothing about what is computed. */
const harmless = new Set([
  'vocab_size',
  'rope.scaling.finetuned',
  'tensor_data_layout',
  'use_parallel_residual',
])
/** Keys that change what is computed unless they have this value. */
const mustBe: Readonly<Record<string, unknown>> = {
  'attention.causal': true,
  expert_count: 0,
  expert_used_count: 0,
}

const number = z.number()
const wholeNumber = z.int().min(0)

/** Reads the keys of an architecture, `llama.…`, and notes which ones were asked for. */
export class Hyperparameters {
  readonly file: GgufFile
  private readonly prefix: string
  private readonly known = new Set<string>()

  constructor(file: GgufFile, architecture: string) {
    this.file = file
    this.prefix = `${architecture}.`
  }

  private read<T>(key: string, schema: z.ZodType<T>): T {
    this.known.add(key)
    return readField(this.file, this.prefix + key, schema)
  }

  /** A count. Throws SpellmError 'file-invalid' where it is missing or none. */
  count(key: string): number {
    return this.read(key, wholeNumber)
  }

  /** A count that may be left out. */
  optionalCount(key: string): number | undefined {
    return this.read(key, wholeNumber.optional())
  }

  number(key: string): number {
    return this.read(key, number)
  }

  optionalNumber(key: string): number | undefined {
    return this.read(key, number.optional())
  }

  optionalText(key: string): string | undefined {
    return this.read(key, z.string().optional())
  }

  optionalFlag(key: string): boolean | undefined {
    return this.read(key, z.boolean().optional())
  }

  /**
   * A key that nobody asked for may change what the model computes.
   *
   * @throws SpellmError 'model-unsupported' naming it
   */
  requireAllKnown(): void {
    for (const [name, value] of this.file.metadata) {
      if (!name.startsWith(this.prefix)) continue
      const key = name.slice(this.prefix.length)
      if (this.known.has(key) || harmless.has(key)) continue
      if (Object.hasOwn(mustBe, key) && mustBe[key] === value) continue
      throw unsupportedGguf(
        this.file.path,
        `the metadata key '${name.slice(0, 80)}' is not known for this architecture and may change what the model computes`,
      )
    }
  }
}
