import { distill } from '../distill/distill.ts'
import { distillDistribution, distributionSettings } from '../distill/distill-distribution.ts'
import { totalSteps } from '../distill/schedule.ts'
import { batchPlan } from '../distill/train-tail.ts'
import { freshState } from '../runtime/trainer/index.ts'
import { ownTurn } from '../runtime/turns.ts'
import { createCheckpointClock } from './checkpoint-clock.ts'
import {
  learntTail,
  samplingPrefix,
  stateFrom,
  tensorsOf,
  weightTensors,
  weightsFrom,
  type LearntTail,
} from './checkpoint-tensors.ts'
import { evaluateSpelling } from './evaluate-spelling.ts'
import type { SpellingProgress, SpellingStage } from './spelling-stage.ts'

/** Positions of the evaluations along the way. */
const quickPositions = 4_096
const evaluationsAlongTheWay = 8

/** Teaches the tail that spells; one that has learnt in an earlier session is as the checkpoint has it. */
export async function learnTail(stage: SpellingStage): Promise<LearntTail> {
  const { run, plan, checkpoint, seconds, options } = stage
  const samplingSteps = checkpoint?.state.samplingSteps ?? null
  if (checkpoint && samplingSteps !== null)
    return { step: checkpoint.step - samplingSteps, weights: weightsFrom(checkpoint.tensors) }

  const { settings } = run
  const { cache, ids } = plan.training
  const steps = totalSteps(batchPlan(cache, settings))
  const evaluateEvery = Math.max(1, Math.floor(steps / evaluationsAlongTheWay))
  const endStep = createCheckpointClock(run, options)
  const state = await distill(plan, cache, settings, {
    ...trainingOptions(stage),
    text: ids,
    ...(checkpoint ? { from: stateFrom(checkpoint.step, checkpoint.tensors) } : {}),
    onStep: async (metrics, currentState) => {
      await run.appendMetrics({ type: 'step', ...metrics })
      options.onEvent({ type: 'step', steps, tokens: settings.batchTokens, ...metrics })
      if (metrics.step % evaluateEvery === 0 && metrics.step < steps)
        await evaluateSpelling(stage, learntTail(await currentState()), { maxPositions: quickPositions })
      const progress: SpellingProgress = { seconds: seconds(), samplingSteps: null }
      const tensors = async () => tensorsOf(await currentState())
      await endStep(metrics.step, metrics.step === steps, tensors, progress)
    },
  })
  return learntTail(state)
}

/**
 * Teaches a second tail the base model's distribution, for sampling. It begins with the weights of the first, and its steps
 * count after that one's, since metrics and checkpoints of a run have one order.
 */
export async function learnSamplingTail(stage: SpellingStage, first: LearntTail): Promise<LearntTail> {
  const { run, plan, rows, checkpoint, seconds, options } = stage
  const settings = distributionSettings(run.settings)
  const { cache } = plan.training
  const steps = totalSteps(batchPlan(cache, settings))
  const learntSteps = checkpoint?.state.samplingSteps ?? null
  const initial =
    checkpoint && learntSteps !== null
      ? stateFrom(learntSteps, checkpoint.tensors, samplingPrefix)
      : freshState(first.weights)
  const teacher = { architecture: plan.base.architecture, rows, tokenCounts: plan.tokenCounts }
  const endStep = createCheckpointClock(run, options)
  const state = await distillDistribution(plan, teacher, cache, settings, {
    ...trainingOptions(stage),
    initial,
    onStep: async (metrics, currentState) => {
      const step = first.step + metrics.step
      const tokens = settings.batchTokens
      await run.appendMetrics({ type: 'samplingStep', ...metrics, step })
      options.onEvent({ type: 'samplingStep', ...metrics, step, done: metrics.step, steps, tokens })
      const tensors = async () => ({
        ...weightTensors(first.weights),
        ...tensorsOf(await currentState(), samplingPrefix),
      })
      const progress: SpellingProgress = { seconds: seconds(), samplingSteps: metrics.step }
      await endStep(step, metrics.step === steps, tensors, progress)
    },
  })
  return learntTail(state)
}

const trainingOptions = ({ run, options: { finishEarly, turn = ownTurn } }: SpellingStage) => ({
  device: run.settings.device,
  isEnough: () => finishEarly?.aborted ?? false,
  turn,
})
