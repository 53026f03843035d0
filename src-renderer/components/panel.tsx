import { Box, Group, Paper, Stack, Text, Title } from '@mantine/core'
import { useId, type ReactNode } from 'react'

/** A titled part of a screen. */
export function Panel({
  title,
  explanation,
  actions,
  children,
}: {
  readonly title: string
  readonly explanation?: string
  readonly actions?: ReactNode
  readonly children: ReactNode
}) {
  const headingId = useId()
  return (
    <Paper withBorder p="md" component="section" aria-labelledby={headingId}>
      <Stack gap="sm">
        <Group justify="space-between" align="start" gap="sm" wrap="nowrap">
          <Stack gap={2}>
            <Title order={2} size="h5" id={headingId}>
              {title}
            </Title>
            {explanation !== undefined && (
              <Text size="xs" c="dimmed">
                {explanation}
              </Text>
            )}
          </Stack>
          {actions !== undefined && <Box flex="none">{actions}</Box>}
        </Group>
        {children}
      </Stack>
    </Paper>
  )
}
