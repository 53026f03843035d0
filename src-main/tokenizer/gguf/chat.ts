import { z } from 'zod'
import { readField } from '../../formats/gguf/metadata.ts'
import type { GgufFile } from '../../formats/gguf/header.ts'
import { readVocabulary, tokenTypes, type SpecialTokenName } from './vocabulary.ts'

const templateKey = 'tokenizer.chat_template'
const maxTemplateLength = 1 << 20

/** Names of tokens that end a turn, in the templates of models whose files name only the end of a text. */
const turnEnds = ['<|im_end|>', '<|eot_id|>', '<end_of_turn>', '<|end|>', '<|eom_id|>', '<|end_of_role|>']

/**
 * The tokens at which generation ends: the end of a text and of a turn, as far as the file names them, and the end of
 * a turn that its chat template writes.
 *
 * @returns without duplicates; null where there are none
 * @throws SpellmError 'file-invalid'
 */
export function readGgufStopTokens(file: GgufFile): readonly number[] | null {
  if (!file.metadata.has('tokenizer.ggml.model')) return null
  const { tokens, types, special } = readVocabulary(file)
  const stops = new Set<number>()
  for (const name of ['eos', 'eot', 'eom'] as const) {
    const id = special[name]
    if (id !== undefined) stops.add(id)
  }
  const template = readTemplate(file) ?? ''
  for (const name of turnEnds) {
    const id = template.includes(name) ? tokens.indexOf(name) : -1
    if (id >= 0 && types[id] === tokenTypes.control) stops.add(id)
  }
  return stops.size > 0 ? [...stops] : null
}

/**
 * A file's chat template and the contents of its special tokens; null where it has none.
 *
 * @throws SpellmError 'file-invalid'
 */
export function readGgufChatTemplate(
  file: GgufFile,
): { readonly source: string; readonly specialTokens: Readonly<Record<string, string>> } | null {
  const source = readTemplate(file)
  if (source === undefined) return null
  const { tokens, special } = readVocabulary(file)
  const names: Partial<Record<SpecialTokenName, string>> = {
    bos: 'bos_token',
    eos: 'eos_token',
    unknown: 'unk_token',
    padding: 'pad_token',
  }
  const specialTokens: Record<string, string> = {}
  for (const [name, variable] of Object.entries(names)) {
    const id = special[name as SpecialTokenName]
    if (id !== undefined) specialTokens[variable] = tokens[id]!
  }
  return { source, specialTokens }
}

function readTemplate(file: GgufFile): string | undefined {
  return readField(file, templateKey, z.string().max(maxTemplateLength).optional())
}
