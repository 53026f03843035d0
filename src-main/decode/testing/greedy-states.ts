import { stories } from '../../../resources/stories/stories.ts'
import { openModelTokenizer, type BaseModel } from '../../models/base-model.ts'
import { createTrunkSession } from '../../models/trunk-session.ts'

/** States of a model while it writes, and what base mode chooses after each. */
export interface GreedyStates {
  /** float32 [count · d]. */
  readonly hidden: Float32Array
  readonly choices: Int32Array
}

/**
 * At least `count` states of a model's own greedy texts, each begun with the first words of a story and written to the
 * end of the context: what `forwardLastPosition(…, 'choice')` says, one token at a time.
 *
 * @param longest tokens of a text, at most
 */
export async function greedyStates(model: BaseModel, count: number, longest = 384): Promise<GreedyStates> {
  const { hiddenSize: d, contextLength, beginToken } = model.architecture
  const tokenizer = await openModelTokenizer(model)
  const trunk = await createTrunkSession(model, { hasHead: true })
  const hidden = new Float32Array((count + longest) * d)
  const choices: number[] = []
  for (const story of stories(11)) {
    if (choices.length >= count) break
    const cache = trunk.createCache()
    const begin = beginToken === null ? [] : [beginToken]
    const prompt = [...begin, ...tokenizer.encode(story.split(' ').slice(0, 6).join(' '))]
    const rest = Math.min(longest, contextLength) - prompt.length
    let tokens = Int32Array.from(prompt)
    for (let i = 0; i < rest; i++) {
      const state = await trunk.forwardLastPosition(tokens, cache, 'choice')
      hidden.set(state.hidden, choices.length * d)
      choices.push(state.baseChoice!)
      tokens = Int32Array.of(state.baseChoice!)
    }
    cache.release()
  }
  await trunk.release()
  return { hidden: hidden.slice(0, choices.length * d), choices: Int32Array.from(choices) }
}
