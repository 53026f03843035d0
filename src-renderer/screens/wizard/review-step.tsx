import { Box, Button, Stack, Text, TextInput } from '@mantine/core'
import type { ReactNode } from 'react'
import { Panel } from '../../components/panel.tsx'
import { formatList } from '../../strings/format.ts'
import { strings } from '../../strings/index.ts'
import { parseAlphabetSpecification, countCharacters } from './alphabet-choice.ts'
import { alphabetOf, changedAdvancedFields, lengthOf, sourceOf, type Draft } from './draft.ts'
import { EstimatePanel } from './estimate-panel.tsx'
import type { RunName } from './use-run-name.ts'
import { useBaseModel } from './use-base-model.ts'
import { useCheckedDraft } from './use-checked-draft.ts'
import { useEstimate, type LiveEstimate } from './use-estimate.ts'
import { useSpellingPreview } from './use-spelling-preview.ts'
import { changeDraft, stepNumbers, useDraft } from './wizard-store.ts'

const words = strings.wizard.review

export function ReviewStep({ runName }: { readonly runName: RunName }) {
  const { request } = useCheckedDraft()
  const live = useEstimate(request)
  return (
    <div className="training-layout">
      <Stack gap="md">
        <Panel title={words.name}>
          <TextInput
            aria-label={words.name}
            description={words.nameDescription}
            value={runName.name}
            onChange={({ currentTarget }) => changeDraft({ name: currentTarget.value })}
            error={runName.problem}
            spellCheck={false}
            autoComplete="off"
            maw={420}
          />
        </Panel>
        <Section step="base">
          <BaseWords />
        </Section>
        <Section step="spelling">
          <SpellingWords answer={live.answer} />
        </Section>
        <Section step="training">
          <TrainingWords answer={live.answer} />
        </Section>
      </Stack>
      <Box className="training-estimate">
        <EstimatePanel live={live} hasRequest={request !== null} />
      </Box>
    </div>
  )
}

function Section({
  step,
  children,
}: {
  readonly step: Exclude<keyof typeof stepNumbers, 'review'>
  readonly children: ReactNode
}) {
  const name = strings.wizard.steps[step]
  return (
    <Panel
      title={name}
      actions={
        <Button
          size="compact-sm"
          variant="default"
          aria-label={words.edit(name)}
          onClick={() => changeDraft({ step: stepNumbers[step] })}
        >
          {words.editShort}
        </Button>
      }
    >
      {children}
    </Panel>
  )
}

function BaseWords() {
  const { data: card } = useBaseModel(useDraft((draft) => draft.base))
  if (!card) return <Pending />
  return <Text size="sm">{words.baseText(card.name, card.parameters, card.lmHeadShare)}</Text>
}

function SpellingWords({ answer }: { readonly answer: LiveEstimate['answer'] }) {
  const k = useDraft(lengthOf)
  const units = useDraft((draft) => draft.units)
  const alphabet = useDraft(alphabetOf)
  const { preview, isOld } = useSpellingPreview()
  return (
    <Stack gap={4}>
      <Text size="sm">
        {alphabet === 'groups' ? words.groupsText : words.spellingText(units, k, describeAlphabet(alphabet))}{' '}
        {alphabet !== 'groups' &&
          preview &&
          !isOld &&
          words.coverageText(preview.corpus.covered + preview.corpus.symbol, preview.countedTokens > 0)}
      </Text>
      {answer && answer.estimate.tailShare !== null && (
        <Text size="sm">{words.symbolText(answer.estimate.tokenSymbols, answer.estimate.tailShare)}</Text>
      )}
      {preview && !isOld && answer && (
        // The preview knows nothing of the adapter's widths.
        <Text size="sm">{words.sizeText(answer.estimate.tailParameters, preview.parameters.baseHead)}</Text>
      )}
    </Stack>
  )
}

function describeAlphabet(specification: string): string {
  const choice = parseAlphabetSpecification(specification)
  if (choice.kind === 'auto') return words.alphabets.auto(choice.limit)
  if (choice.kind === 'pieces') return words.alphabets.pieces(choice.count)
  if (choice.kind === 'custom') return words.alphabets.custom(countCharacters(choice.characters))
  return words.alphabets[choice.kind]
}

function describeSource(draft: Draft): string {
  const source = sourceOf(draft)
  if (source === 'own') return words.textText[draft.base === 'sample' ? 'stories' : 'selfWritten']
  return source === 'files'
    ? words.textText.files(draft.texts.length)
    : words.textText.questions(draft.questions.length)
}

function TrainingWords({ answer }: { readonly answer: LiveEstimate['answer'] }) {
  const draft = useDraft()
  if (!answer) return <Pending />
  const { settings, estimate } = answer
  const changed = changedAdvancedFields(draft).filter(
    (field) => field !== 'keepCache' && field !== 'precision',
  )
  const text = describeSource(draft)
  return (
    <Stack gap={4}>
      <Text size="sm">
        {text} {words.trainingText(estimate.tokens, settings.epochs, settings.batchTokens, estimate.steps)}
      </Text>
      <Text size="sm">
        {words.deviceText[settings.device]} {words.modeText(settings.mode)}{' '}
        {settings.precision !== 'stored' && words.precisionText[settings.precision]}{' '}
        {settings.samplingTail && words.learnsSampling} {settings.keepCache && words.keepsCache}
      </Text>
      {changed.length > 0 && (
        <Text size="sm">
          {words.changedText(formatList(changed.map((field) => strings.wizard.training.fields[field])))}
        </Text>
      )}
    </Stack>
  )
}

function Pending() {
  return (
    <Text size="sm" c="dimmed">
      {strings.wizard.loading}
    </Text>
  )
}
