import { Stack } from '@mantine/core'
import { Screen } from '../../components/screen.tsx'
import { strings } from '../../strings/index.ts'
import { AboutPanel } from './about-panel.tsx'
import { AppearancePanel } from './appearance-panel.tsx'
import { ComputePanel } from './compute-panel.tsx'
import { HubPanel } from './hub-panel.tsx'
import { StoragePanel } from './storage-panel.tsx'

export function SettingsScreen() {
  return (
    <Screen title={strings.settings.title}>
      <Stack gap="md" maw={960}>
        <AppearancePanel />
        <ComputePanel />
        <HubPanel />
        <StoragePanel />
        <AboutPanel />
      </Stack>
    </Screen>
  )
}
