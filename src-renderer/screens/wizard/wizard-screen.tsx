import { Button, Group, Stack, Stepper, Text, Title } from '@mantine/core'
import { useDidUpdate } from '@mantine/hooks'
import { IconArrowLeft, IconArrowRight, IconPlayerPlay } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { useRef } from 'react'
import { ErrorNotice } from '../../components/error-notice.tsx'
import { Screen } from '../../components/screen.tsx'
import { queries } from '../../connection/engine.ts'
import { goTo, paths } from '../../navigation.ts'
import { strings } from '../../strings/index.ts'
import { BaseStep } from './base-step.tsx'
import { ReviewStep } from './review-step.tsx'
import { SpellingStep } from './spelling-step.tsx'
import { TrainingStep } from './training-step.tsx'
import { useBaseModel } from './use-base-model.ts'
import { useCheckedDraft } from './use-checked-draft.ts'
import { useRunName } from './use-run-name.ts'
import './wizard-screen.css'
import { changeDraft, discardDraft, stepNumbers, useDraft } from './wizard-store.ts'

const words = strings.wizard
const steps = ['base', 'spelling', 'training', 'review'] as const

/** Prepares and starts a conversion in four steps. */
export function WizardScreen() {
  const step = useDraft((draft) => draft.step)
  const reachable = useReachableStep()
  const heading = useRef<HTMLHeadingElement>(null)
  // Whoever walks by keyboard or ear continues from the top of the new step.
  useDidUpdate(() => {
    heading.current?.focus({ preventScroll: true })
    window.scrollTo({ top: 0 })
  }, [step])
  return (
    <Screen
      title={words.title}
      actions={
        <Button variant="default" onClick={discardDraft}>
          {words.startOver}
        </Button>
      }
    >
      <Stack gap="lg" maw={1200}>
        <Stepper
          active={step}
          onStepClick={(next) => changeDraft({ step: next })}
          size="sm"
          iconSize={32}
          aria-label={words.title}
        >
          {steps.map((name, index) => (
            <Stepper.Step
              key={name}
              label={words.steps[name]}
              description={words.stepDescriptions[name]}
              allowStepSelect={index <= reachable}
              {...(index === step ? { 'aria-current': 'step' as const } : {})}
            />
          ))}
        </Stepper>
        <Title order={2} size="h3" ref={heading} tabIndex={-1} style={{ outline: 'none' }}>
          {words[steps[step]!].heading}
        </Title>
        {step === stepNumbers.base && <BaseStep />}
        {step === stepNumbers.spelling && <SpellingStep />}
        {step === stepNumbers.training && <TrainingStep />}
        {step === stepNumbers.review ? (
          <ReviewAndStart />
        ) : (
          <Footer>
            <NextButton step={step} canGoOn={reachable > step} />
          </Footer>
        )}
      </Stack>
    </Screen>
  )
}

/** The last step that may be opened: each needs what the ones before it decide. */
function useReachableStep(): number {
  const base = useDraft((draft) => draft.base)
  const { data: card, error } = useBaseModel(base)
  const { problems } = useCheckedDraft()
  if (!card || error) return stepNumbers.base
  if (problems.alphabet !== undefined) return stepNumbers.spelling
  return Object.keys(problems).length > 0 ? stepNumbers.training : stepNumbers.review
}

function NextButton({ step, canGoOn }: { readonly step: number; readonly canGoOn: boolean }) {
  return (
    <Group gap="md">
      {!canGoOn && (
        <Text size="sm" c="dimmed" id="why-not-next">
          {step === stepNumbers.base ? words.chooseModelFirst : words.fixFieldsFirst}
        </Text>
      )}
      <Button
        rightSection={<IconArrowRight size={17} aria-hidden />}
        disabled={!canGoOn}
        {...(canGoOn ? {} : { 'aria-describedby': 'why-not-next' })}
        onClick={() => changeDraft({ step: step + 1 })}
      >
        {words.next(words.steps[steps[step + 1]!])}
      </Button>
    </Group>
  )
}

function ReviewAndStart() {
  const runName = useRunName()
  const { request } = useCheckedDraft()
  const start = useMutation(
    queries.runs.start.mutationOptions({
      onSuccess: (run) => {
        discardDraft()
        goTo(paths.run(run.id))
      },
    }),
  )
  return (
    <>
      <ReviewStep runName={runName} />
      {start.error && <ErrorNotice error={start.error} />}
      <Footer>
        <Group gap="md">
          <Text size="sm" c="dimmed">
            {runName.mustWait ? words.review.queueHint : words.review.startHint}
          </Text>
          <Button
            leftSection={<IconPlayerPlay size={17} aria-hidden />}
            disabled={request === null || runName.name === '' || runName.problem !== null}
            loading={start.isPending}
            onClick={() => request && start.mutate({ name: runName.name, request })}
          >
            {words.review.start}
          </Button>
        </Group>
      </Footer>
    </>
  )
}

/** Stays in sight while a long step is scrolled. */
function Footer({ children }: { readonly children: React.ReactNode }) {
  const step = useDraft((draft) => draft.step)
  return (
    <Group className="wizard-footer" justify="space-between" gap="sm">
      <Button
        variant="default"
        leftSection={<IconArrowLeft size={17} aria-hidden />}
        disabled={step === stepNumbers.base}
        onClick={() => changeDraft({ step: step - 1 })}
      >
        {words.back}
      </Button>
      {children}
    </Group>
  )
}
