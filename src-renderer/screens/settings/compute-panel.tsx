import { Radio, Skeleton, Stack } from '@mantine/core'
import { ErrorNotice } from '../../components/error-notice.tsx'
import { Panel } from '../../components/panel.tsx'
import { strings } from '../../strings/index.ts'
import { useSettings } from './use-settings.ts'

const words = strings.settings

export function ComputePanel() {
  const { settings, error, retry, change } = useSettings()
  return (
    <Panel title={words.compute}>
      {error && <ErrorNotice error={error} onRetry={retry} />}
      {change.error && <ErrorNotice error={change.error} />}
      {settings ? (
        <Radio.Group
          label={words.device}
          description={words.deviceDescription}
          value={settings.device}
          onChange={(device) => change.mutate({ device: device === 'webgpu' ? 'webgpu' : 'cpu' })}
        >
          <Stack gap="xs" mt="xs">
            {(['cpu', 'webgpu'] as const).map((device) => (
              <Radio
                key={device}
                value={device}
                label={words.devices[device]}
                description={words.deviceDescriptions[device]}
              />
            ))}
          </Stack>
        </Radio.Group>
      ) : (
        !error && <Skeleton height={100} />
      )}
    </Panel>
  )
}
