import { Radio, Group } from '@mantine/core'
import { themeSchema } from '../../../src-main/contract/index.ts'
import { changeTheme, useTheme } from '../../actions/theme.ts'
import { Panel } from '../../components/panel.tsx'
import { showError } from '../../components/show-error.ts'
import { strings } from '../../strings/index.ts'

const words = strings.settings

export function AppearancePanel() {
  const theme = useTheme((state) => state.theme)
  return (
    <Panel title={words.appearance}>
      <Radio.Group
        label={words.theme}
        value={theme}
        onChange={(chosen) => void changeTheme(themeSchema.parse(chosen)).catch(showError)}
      >
        <Group gap="xl" mt={6}>
          {themeSchema.options.map((option) => (
            <Radio key={option} value={option} label={words.themes[option]} />
          ))}
        </Group>
      </Radio.Group>
    </Panel>
  )
}
