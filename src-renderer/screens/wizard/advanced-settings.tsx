import {
  Badge,
  Button,
  Checkbox,
  Collapse,
  Group,
  NumberInput,
  Paper,
  SimpleGrid,
  Stack,
  TextInput,
} from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react'
import { useId } from 'react'
import { formatCount, formatSignificant } from '../../strings/format.ts'
import { strings } from '../../strings/index.ts'
import {
  advancedFields,
  changedAdvancedFields,
  emptyDraft,
  hasSymbols,
  type AdvancedField,
  type CheckedDraft,
} from './draft.ts'
import { PrecisionChoice } from './precision-choice.tsx'
import type { LiveEstimate } from './use-estimate.ts'
import { changeDraft, useDraft } from './wizard-store.ts'

const words = strings.wizard.training

/** The settings that few people need, folded away until one of them is changed or wrong. */
export function AdvancedSettings({
  problems,
  answer,
}: {
  readonly problems: CheckedDraft['problems']
  /** Has the engine's defaults. */
  readonly answer: LiveEstimate['answer']
}) {
  const changed = useDraft((draft) => changedAdvancedFields(draft).length)
  const [isOpen, { toggle }] = useDisclosure(changed > 0)
  const contentId = useId()
  const FoldIcon = isOpen ? IconChevronDown : IconChevronRight
  return (
    <Paper withBorder p="md">
      <Stack gap="md">
        <Group justify="space-between">
          <Button
            variant="subtle"
            color="gray"
            px={4}
            size="compact-md"
            leftSection={<FoldIcon size={16} aria-hidden />}
            rightSection={
              changed > 0 && (
                <Badge size="sm" variant="light">
                  {words.advancedChanged(changed)}
                </Badge>
              )
            }
            aria-expanded={isOpen}
            aria-controls={contentId}
            onClick={toggle}
          >
            {words.advanced}
          </Button>
          {changed > 0 && (
            <Button size="compact-sm" variant="default" onClick={resetAdvanced}>
              {words.resetAdvanced}
            </Button>
          )}
        </Group>
        <Collapse expanded={isOpen} id={contentId} keepMounted={false}>
          <Fields problems={problems} answer={answer} />
        </Collapse>
      </Stack>
    </Paper>
  )
}

function resetAdvanced(): void {
  changeDraft(Object.fromEntries(advancedFields.map((field) => [field, emptyDraft[field]])))
}

function Fields({
  problems,
  answer,
}: {
  readonly problems: CheckedDraft['problems']
  readonly answer: LiveEstimate['answer']
}) {
  const defaults = answer?.settings
  const rates = defaults?.peakLearningRates
  const widths = answer?.estimate.adapterWidths
  const keepCache = useDraft((draft) => draft.keepCache)
  const usesSymbols = useDraft(hasSymbols)
  return (
    <Stack gap="lg">
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="lg" verticalSpacing="lg">
        <WholeField
          field="epochs"
          problems={problems}
          placeholder={defaults && formatCount(defaults.epochs)}
        />
        <WholeField
          field="batchTokens"
          problems={problems}
          placeholder={defaults && formatCount(defaults.batchTokens)}
        />
        <TextField
          field="adapterRate"
          problems={problems}
          placeholder={rates && formatSignificant(rates.adapter)}
        />
        <TextField
          field="headsRate"
          problems={problems}
          placeholder={rates && formatSignificant(rates.heads)}
        />
        <TextField field="adapterWidths" problems={problems} placeholder={widths?.join(', ')} />
        {usesSymbols && (
          <WholeField
            field="tokenSymbols"
            problems={problems}
            placeholder={answer && words.automaticSymbols(answer.estimate.tokenSymbols)}
          />
        )}
        <WholeField field="seed" problems={problems} placeholder={defaults && String(defaults.seed)} />
      </SimpleGrid>
      <PrecisionChoice />
      <Checkbox
        label={words.fields.keepCache}
        description={words.fieldDescriptions.keepCache}
        checked={keepCache}
        onChange={({ currentTarget }) => changeDraft({ keepCache: currentTarget.checked })}
      />
    </Stack>
  )
}

/** Descriptions of different lengths would put neighbouring inputs at different heights. */
const fieldOrder: ('label' | 'input' | 'description' | 'error')[] = ['label', 'input', 'description', 'error']

type TypedField = Exclude<AdvancedField, 'precision' | 'keepCache'>

interface FieldProps<Field extends TypedField> {
  readonly field: Field
  readonly problems: CheckedDraft['problems']
  /** What an empty field stands for. */
  readonly placeholder: string | undefined
}

function WholeField({
  field,
  problems,
  placeholder,
}: FieldProps<'epochs' | 'batchTokens' | 'tokenSymbols' | 'seed'>) {
  const value = useDraft((draft) => draft[field])
  return (
    <NumberInput
      label={words.fields[field]}
      description={words.fieldDescriptions[field]}
      inputWrapperOrder={fieldOrder}
      placeholder={placeholder ?? ''}
      value={value}
      onChange={(typed) => changeDraft({ [field]: String(typed) })}
      error={problems[field]}
      thousandSeparator={field !== 'seed'}
      allowDecimal={false}
      allowNegative={false}
    />
  )
}

function TextField({
  field,
  problems,
  placeholder,
}: FieldProps<'adapterRate' | 'headsRate' | 'adapterWidths'>) {
  const value = useDraft((draft) => draft[field])
  return (
    <TextInput
      label={words.fields[field]}
      description={words.fieldDescriptions[field]}
      inputWrapperOrder={fieldOrder}
      placeholder={placeholder ?? ''}
      value={value}
      onChange={({ currentTarget }) => changeDraft({ [field]: currentTarget.value })}
      error={problems[field]}
      inputMode="decimal"
      autoComplete="off"
    />
  )
}
