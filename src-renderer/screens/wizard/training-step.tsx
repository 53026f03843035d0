import { Box, Button, Checkbox, Group, NumberInput, Radio, Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { spellmModes, spellmModeSchema } from '../../../src-main/contract/index.ts'
import { DeviceChoiceField } from '../../components/device-choice.tsx'
import { Panel } from '../../components/panel.tsx'
import { queries } from '../../connection/engine.ts'
import { formatCount } from '../../strings/format.ts'
import { strings } from '../../strings/index.ts'
import { AdvancedSettings } from './advanced-settings.tsx'
import { canLearnSampling, hasSymbols, modeOf } from './draft.ts'
import { EstimatePanel } from './estimate-panel.tsx'
import { TextSource } from './text-source.tsx'
import './training-step.css'
import { useCheckedDraft } from './use-checked-draft.ts'
import { useEstimate } from './use-estimate.ts'
import { changeDraft, useDraft } from './wizard-store.ts'

const words = strings.wizard.training

/** From a first look to a careful conversion. */
const budgets = [50_000, 200_000, 800_000, 3_000_000, 10_000_000]

export function TrainingStep() {
  const { request, problems } = useCheckedDraft()
  const live = useEstimate(request)
  const defaults = live.answer?.settings
  return (
    <div className="training-layout">
      <Stack gap="md">
        <Panel title={words.source}>
          <TextSource problem={problems.texts} budget={defaults?.tokens} />
        </Panel>
        <Panel title={words.amount}>
          <Stack gap="lg">
            <Budget problem={problems.tokens} defaultTokens={defaults?.tokens} />
            <Device />
          </Stack>
        </Panel>
        <Panel title={words.mode} explanation={words.modeText}>
          <Stack gap="md">
            <Mode />
            <SamplingTail />
          </Stack>
        </Panel>
        <AdvancedSettings problems={problems} answer={live.answer} />
      </Stack>
      <Box className="training-estimate">
        <EstimatePanel live={live} hasRequest={request !== null} />
      </Box>
    </div>
  )
}

function Budget({
  problem,
  defaultTokens,
}: {
  readonly problem: string | undefined
  readonly defaultTokens: number | undefined
}) {
  const tokens = useDraft((draft) => draft.tokens)
  return (
    <Stack gap="xs">
      <NumberInput
        label={words.budget}
        description={words.budgetDescription}
        placeholder={defaultTokens === undefined ? '' : formatCount(defaultTokens)}
        value={tokens}
        onChange={(value) => changeDraft({ tokens: String(value) })}
        error={problem}
        thousandSeparator
        allowDecimal={false}
        allowNegative={false}
        step={100_000}
        maw={280}
      />
      <Group gap={6} role="group" aria-label={words.budgetPresets}>
        {budgets.map((budget) => {
          const isChosen = Number(tokens === '' ? defaultTokens : tokens) === budget
          return (
            <Button
              key={budget}
              size="compact-sm"
              variant={isChosen ? 'light' : 'default'}
              aria-pressed={isChosen}
              onClick={() => changeDraft({ tokens: String(budget) })}
            >
              {words.budgetPreset(budget)}
            </Button>
          )
        })}
      </Group>
    </Stack>
  )
}

function Mode() {
  const mode = useDraft(modeOf)
  return (
    <Radio.Group
      aria-label={words.mode}
      value={mode}
      onChange={(chosen) => changeDraft({ mode: spellmModeSchema.parse(chosen) })}
    >
      <Stack gap="xs">
        {spellmModes.map((name) => (
          <Radio key={name} value={name} label={name} description={words.modes[name]} />
        ))}
      </Stack>
    </Radio.Group>
  )
}

function SamplingTail() {
  const samplingTail = useDraft((draft) => draft.samplingTail)
  const isPossible = useDraft(canLearnSampling)
  const impossible = useDraft(hasSymbols) ? words.samplingSymbols : words.samplingWords
  return (
    <Checkbox
      label={words.sampling}
      description={isPossible ? words.samplingText : impossible}
      checked={samplingTail && isPossible}
      disabled={!isPossible}
      onChange={({ currentTarget }) => changeDraft({ samplingTail: currentTarget.checked })}
    />
  )
}

function Device() {
  const device = useDraft((draft) => draft.device)
  const { data: settings } = useQuery(queries.app.settings.queryOptions())
  return (
    <DeviceChoiceField
      label={words.device}
      value={device ?? settings?.device ?? null}
      onChange={(chosen) => changeDraft({ device: chosen })}
    />
  )
}
