import { ActionIcon, Group, NativeSelect, Stack, Text } from '@mantine/core'
import { IconChevronLeft, IconChevronRight } from '@tabler/icons-react'
import { memo, useState } from 'react'
import { useStore } from 'zustand'
import type { SamplePoint } from '../../../src-main/contract/index.ts'
import { Panel } from '../../components/panel.tsx'
import type { RunCurves } from '../../runs/run-curves.ts'
import type { Changes } from '../../runs/use-run-curves.ts'
import { strings } from '../../strings/index.ts'
import { Interlinear } from './interlinear.tsx'

const text = strings.training

/** What base and SpeLLM wrote along the way. Follows the newest until an earlier one is chosen. */
export const SamplesPanel = memo(function SamplesPanel({
  curves,
  changes,
}: {
  readonly curves: RunCurves
  readonly changes: Changes
}) {
  const newest = useStore(changes, () => curves.samples.at(-1))
  const [chosenStep, setChosenStep] = useState<number | null>(null)
  const { samples } = curves
  const chosen = samples.findIndex(({ step }) => step === chosenStep)
  const index = chosen === -1 ? samples.length - 1 : chosen
  const choose = (next: number) =>
    setChosenStep(next === samples.length - 1 ? null : (samples[next]?.step ?? null))
  return (
    <Panel
      title={text.samples}
      explanation={text.samplesExplanation}
      actions={samples.length > 1 && <SampleChoice samples={samples} index={index} onChoose={choose} />}
    >
      {newest === undefined ? (
        <Text size="sm" c="dimmed">
          {text.noSamples}
        </Text>
      ) : (
        <Sample sample={samples[index]!} />
      )}
    </Panel>
  )
})

function SampleChoice({
  samples,
  index,
  onChoose,
}: {
  readonly samples: readonly SamplePoint[]
  readonly index: number
  readonly onChoose: (index: number) => void
}) {
  return (
    <Group gap={4} wrap="nowrap">
      <ActionIcon
        variant="default"
        size={30}
        aria-label={text.previousSample}
        disabled={index === 0}
        onClick={() => onChoose(index - 1)}
      >
        <IconChevronLeft size={17} aria-hidden />
      </ActionIcon>
      <NativeSelect
        size="xs"
        aria-label={text.sampleStep}
        value={index}
        onChange={({ currentTarget }) => onChoose(Number(currentTarget.value))}
        data={samples.map(({ step }, position) => ({
          value: String(position),
          label: text.sampleStepOption(step, position === samples.length - 1),
        }))}
      />
      <ActionIcon
        variant="default"
        size={30}
        aria-label={text.nextSample}
        disabled={index === samples.length - 1}
        onClick={() => onChoose(index + 1)}
      >
        <IconChevronRight size={17} aria-hidden />
      </ActionIcon>
    </Group>
  )
}

function Sample({ sample }: { readonly sample: SamplePoint }) {
  return (
    <Stack gap="xs">
      <Text size="sm">
        <Text span size="xs" c="dimmed" mr="xs">
          {text.prompt}
        </Text>
        <Text span size="sm" style={{ whiteSpace: 'pre-wrap' }}>
          {sample.prompt}
        </Text>
      </Text>
      <Interlinear base={sample.base} spellm={sample.spellm} />
    </Stack>
  )
}
