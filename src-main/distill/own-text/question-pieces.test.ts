import { describe, expect, it } from 'vitest'
import type { ConversationPieces } from './conversation-pieces.ts'
import { holdOutQuestions, questionPieces } from './question-pieces.ts'

/** 1 begins, 2 ends what the user says, 3 begins the answer. */
const template: ConversationPieces = {
  kind: 'chat',
  prefix: [1, 10],
  between: [2, 3],
  questionEnd: [2],
  stops: [2],
}

describe('questionPieces', () => {
  it('leaves the questions of prompts that have the pieces of the template', () => {
    const prompts = [
      [1, 10, 40, 41, 2, 3],
      [1, 10, 40, 2, 3],
    ]
    expect(questionPieces(prompts, template)).toEqual({ pieces: template, questions: [[40, 41], [40]] })
  })

  it('has what all prompts begin with where one has other pieces', () => {
    const prompts = [
      [1, 10, 40, 41, 2, 3],
      [1, 99, 40, 2, 3],
    ]
    const { pieces, questions } = questionPieces(prompts, template)
    expect(pieces).toMatchObject({ prefix: [1], between: [], stops: [2] })
    expect(questions).toEqual([
      [10, 40, 41, 2, 3],
      [99, 40, 2, 3],
    ])
  })

  it('leaves at least one token of each', () => {
    const { pieces, questions } = questionPieces(
      [
        [1, 5],
        [1, 5],
      ],
      { ...template, prefix: [7] },
    )
    expect(pieces.prefix).toEqual([1])
    expect(questions).toEqual([[5], [5]])
  })
})

describe('holdOutQuestions', () => {
  const questions = Array.from({ length: 80 }, (_, i) => [i, 3 * i])

  it('keeps one in eight, and learns from all others', () => {
    const { training, heldOut } = holdOutQuestions(questions)
    expect(heldOut).toHaveLength(10)
    const all = [...training, ...heldOut].map((question) => question.join())
    expect(all.sort()).toEqual(questions.map((question) => question.join()).sort())
  })

  it('does not depend on their order, nor on how often one is there', () => {
    const shuffled = [...questions.slice(37), ...questions.slice(0, 60)]
    expect(holdOutQuestions(shuffled)).toEqual(holdOutQuestions(questions))
  })

  it('has one of each of two, and none to learn from where there is one', () => {
    expect(holdOutQuestions([[1], [2]])).toMatchObject({
      training: { length: 1 },
      heldOut: { length: 1 },
    })
    expect(holdOutQuestions([[1], [1]]).training).toEqual([])
  })
})
