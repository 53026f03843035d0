import { Group, Slider, Switch, Text } from '@mantine/core'
import { strings } from '../strings/index.ts'
import { smoothingChoices, useCurvePreferences } from './curve-preferences.ts'

const describe = (choice: number) => strings.training.smoothingValue(smoothingChoices[choice]!)

/** Smoothing and axis of the loss. */
export function CurveControls() {
  const { smoothing, isLogarithmic } = useCurvePreferences()
  const choice = smoothingChoices.findIndex((steps) => steps === smoothing)
  return (
    <Group gap="md" wrap="nowrap">
      <Group gap="xs" wrap="nowrap">
        <Text size="xs" c="dimmed">
          {strings.training.smoothing}
        </Text>
        <Slider
          w={110}
          size="sm"
          min={0}
          max={smoothingChoices.length - 1}
          value={choice}
          onChange={(index) => useCurvePreferences.setState({ smoothing: smoothingChoices[index]! })}
          label={null}
          thumbLabel={strings.training.smoothing}
          thumbValueText={describe}
        />
        <Text size="xs" w={66}>
          {describe(choice)}
        </Text>
      </Group>
      <Switch
        size="xs"
        label={strings.training.logAxis}
        styles={{ label: { whiteSpace: 'nowrap' } }}
        checked={isLogarithmic}
        onChange={({ currentTarget }) =>
          useCurvePreferences.setState({ isLogarithmic: currentTarget.checked })
        }
      />
    </Group>
  )
}
