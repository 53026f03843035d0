import { Button, Group, Paper, Stack, Text, Title } from '@mantine/core'
import { IconPlayerPlay } from '@tabler/icons-react'
import { strings } from '../../strings/index.ts'
import { prepareSampleConversion } from '../wizard/wizard-store.ts'
import { SpellmDiagram } from './spellm-diagram.tsx'

const words = strings.home

/** For whoever has no run yet: what this is about, and the first thing to do. */
export function Welcome() {
  return (
    <Paper withBorder p="xl" component="section" aria-labelledby="welcome">
      <Stack gap="lg">
        <Stack gap="xs">
          <Title order={2} size="h3" id="welcome">
            {words.welcomeTitle}
          </Title>
          <Text maw="75ch">{words.welcome}</Text>
        </Stack>
        <SpellmDiagram />
        <Group gap="md">
          <Button
            size="md"
            leftSection={<IconPlayerPlay size={18} aria-hidden />}
            onClick={prepareSampleConversion}
          >
            {strings.actions.convertSample}
          </Button>
          <Text size="sm" c="dimmed">
            {words.convertSampleHint}
          </Text>
        </Group>
      </Stack>
    </Paper>
  )
}
