import { join } from 'node:path'
import { nullIfNotFound } from '../base/errors.ts'
import { openSafetensors, readTensorBytes, writeSafetensors } from '../formats/safetensors.ts'
import type { Tokenizer } from '../tokenizer/index.ts'
import type { BaseModel } from '../models/base-model.ts'
import { clusterRows, someRows } from '../models/cluster-rows.ts'
import { openHeadRows } from '../models/head-rows.ts'
import type { GroupAlphabet } from '../spelling/alphabet.ts'
import { groupAlphabet } from '../spelling/groups.ts'
import { buildSpeller, type Speller } from '../spelling/speller.ts'

/** No group is larger than this many times the mean size: a step reads groups whole. */
const largest = 4

const groupsFile = 'groups.safetensors'

/**
 * The speller of a run: of learned groups, those that were stored with the run or are learnt now; any other stays.
 *
 * @param folder of the run
 * @param planned of `symbolSpeller`
 * @throws CancelledError when the signal fires; SpellmError for errors of the operating system
 */
export async function runSpeller(
  folder: string,
  planned: Speller,
  base: BaseModel,
  { entries }: Pick<Tokenizer, 'entries'>,
  signal?: AbortSignal,
): Promise<Speller> {
  const { alphabet } = planned
  if (alphabet.unit !== 'group') return planned
  const path = join(folder, groupsFile)
  const known = await readGroups(path, entries.length)
  const groupOf = known ?? (await learnGroups(base, alphabet, entries.length, signal))
  if (!known)
    await writeSafetensors(path, { groupOf: { dtype: 'I32', shape: [groupOf.length], data: groupOf } })
  return buildSpeller(entries, groupAlphabet(groupOf, alphabet.tokenSymbols, alphabet.read), 1)
}

/**
 * Clusters of the LM head's rows, of the tokens that have no symbol.
 *
 * @param planned as many groups, of the same token symbols
 * @returns the group of each token, −1 for token symbols: [V]
 * @throws CancelledError when the signal fires
 */
export async function learnGroups(
  base: BaseModel,
  planned: Pick<GroupAlphabet, 'groups' | 'tokenSymbols'>,
  vocabularySize: number,
  signal?: AbortSignal,
): Promise<Int32Array> {
  const tokens = planned.groups.flat()
  const count = planned.groups.length
  const most = Math.ceil((largest * tokens.length) / count)
  const rows = openHeadRows(base)
  try {
    const { hiddenSize } = base.architecture
    const { clusterOf } = await clusterRows(someRows(rows, tokens), hiddenSize, tokens.length, {
      count,
      most,
      signal,
    })
    const groupOf = new Int32Array(vocabularySize).fill(-1)
    tokens.forEach((token, i) => (groupOf[token] = clusterOf[i]!))
    return groupOf
  } finally {
    rows.close()
  }
}

/** null: there are none for a vocabulary of this size. */
async function readGroups(path: string, vocabularySize: number): Promise<Int32Array | null> {
  const stored = await openSafetensors(path).catch(nullIfNotFound)
  const entry = stored?.tensors.get('groupOf')
  if (entry?.dtype !== 'I32' || entry.shape.join() !== String(vocabularySize)) return null
  return new Int32Array((await readTensorBytes(entry)).buffer)
}
