import type { TrunkSession } from '../models/trunk-session.ts'

/**
 * A base model's trunk whose LM head has rows beyond the tokenizer's tokens, which only fill it up: their logits are −∞. Where
 * one of them is its choice, which hardly ever happens, it makes none, and a head that knows of them is to be asked.
 *
 * @param validTokens ids from there on stand for nothing
 */
export function withValidTokens(trunk: TrunkSession, validTokens: number): TrunkSession {
  return {
    ...trunk,
    forwardLastPosition: async (...read) => {
      const { baseChoice, ...state } = await trunk.forwardLastPosition(...read)
      state.baseLogits?.fill(-Infinity, validTokens)
      return baseChoice === undefined || baseChoice >= validTokens ? state : { ...state, baseChoice }
    },
  }
}
