import { Button, Group, Radio, Stack, Text } from '@mantine/core'
import { IconRefresh } from '@tabler/icons-react'
import { useMutation, useQuery } from '@tanstack/react-query'
import { deviceChoiceSchema, type DeviceChoice, type DeviceSurvey } from '../../src-main/contract/index.ts'
import { queries, queryClient } from '../connection/engine.ts'
import { strings } from '../strings/index.ts'
import { ErrorNotice } from './error-notice.tsx'

const words = strings.devices

/** Where to compute: what the engine found out about each device, and the choice of those that can be used. */
export function DeviceChoiceField({
  label,
  description,
  value,
  onChange,
}: {
  readonly label: string
  readonly description?: string
  /** Null while it isn't known. */
  readonly value: DeviceChoice | null
  readonly onChange: (device: DeviceChoice) => void
}) {
  const request = { input: { fresh: false } }
  const { data, error, refetch } = useQuery(
    queries.app.devices.queryOptions({ ...request, staleTime: Infinity }),
  )
  const again = useMutation(
    queries.app.devices.mutationOptions({
      onSuccess: (survey) => {
        queryClient.setQueryData(queries.app.devices.queryKey(request), survey)
        // They depend on the device that 'auto' stands for.
        void queryClient.invalidateQueries({ queryKey: queries.runs.estimate.key() })
      },
    }),
  )
  const survey = again.isPending ? undefined : data
  const isChecking = survey === undefined && error === null
  return (
    <Stack gap="xs">
      <Radio.Group
        label={label}
        description={description}
        value={value}
        onChange={(chosen) => onChange(deviceChoiceSchema.parse(chosen))}
      >
        <Stack gap="xs" mt="xs">
          {deviceChoiceSchema.options.map((choice) => (
            <Radio
              key={choice}
              value={choice}
              label={words.names[choice]}
              description={describeChoice(choice, survey, isChecking)}
              disabled={!canBeChosen(choice, survey)}
            />
          ))}
        </Stack>
      </Radio.Group>
      {error && <ErrorNotice error={error} onRetry={() => void refetch()} />}
      {again.error && <ErrorNotice error={again.error} />}
      <Group gap="sm">
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconRefresh size={14} aria-hidden />}
          loading={again.isPending}
          disabled={isChecking}
          onClick={() => again.mutate({ fresh: true })}
        >
          {words.checkAgain}
        </Button>
        <Text size="xs" c="dimmed" role="status">
          {isChecking ? words.checkingAll : survey && words.checked(survey.checked)}
        </Text>
      </Group>
    </Stack>
  )
}

/** What is always there can be chosen before anything was checked. */
function canBeChosen(choice: DeviceChoice, survey: DeviceSurvey | undefined): boolean {
  if (choice === 'auto' || choice === 'cpu') return true
  return survey?.reports.some(({ device, problem }) => device === choice && problem === null) ?? false
}

function describeChoice(choice: DeviceChoice, survey: DeviceSurvey | undefined, isChecking: boolean): string {
  if (choice === 'auto') return survey ? words.automaticNow(survey.automatic.reason) : words.automatic
  const report = survey?.reports.find(({ device }) => device === choice)
  if (!report) return isChecking ? words.checking : ''
  const { name, measured, memory, problem } = report
  if (problem) return words.unavailable(problem.reason, problem.remedy)
  return [
    name !== null && words.hardware(name),
    measured && words.speed(measured.matrixGflops),
    memory && words.memory(memory.free, memory.total),
  ]
    .filter(Boolean)
    .join(' ')
}
