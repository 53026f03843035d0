import { Skeleton } from '@mantine/core'
import { DeviceChoiceField } from '../../components/device-choice.tsx'
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
        <DeviceChoiceField
          label={words.device}
          description={words.deviceDescription}
          value={settings.device}
          onChange={(device) => change.mutate({ device })}
        />
      ) : (
        !error && <Skeleton height={260} />
      )}
    </Panel>
  )
}
