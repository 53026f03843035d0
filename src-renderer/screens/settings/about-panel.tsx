import { Anchor, Code, Group, Skeleton, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { CopyTextButton } from '../../components/copy-text-button.tsx'
import { ErrorNotice } from '../../components/error-notice.tsx'
import { Panel } from '../../components/panel.tsx'
import { queries } from '../../connection/engine.ts'
import { strings } from '../../strings/index.ts'
import { describeDiagnostics } from './diagnostics.ts'
import { useSettings } from './use-settings.ts'

const words = strings.settings

export function AboutPanel() {
  const { data: info, error, refetch } = useQuery(queries.app.info.queryOptions())
  const { settings } = useSettings()
  return (
    <Panel title={words.about}>
      {error ? (
        <ErrorNotice error={error} onRetry={() => void refetch()} />
      ) : info && settings ? (
        <Stack gap="md">
          <Stack gap={2}>
            <Text size="sm" fw={600}>
              {words.version(info.version)}
            </Text>
            <Text size="sm">{words.licence}</Text>
            <Text size="sm">
              {words.paper}
              <Anchor href={words.paperUrl} target="_blank" rel="noreferrer" underline="always">
                {words.paperLink}
              </Anchor>
            </Text>
          </Stack>
          <Diagnostics text={describeDiagnostics(info, settings, navigator.userAgent)} />
        </Stack>
      ) : (
        <Skeleton height={200} />
      )}
    </Panel>
  )
}

function Diagnostics({ text }: { readonly text: string }) {
  return (
    <Stack gap="xs">
      <Group justify="space-between" align="end">
        <div>
          <Text size="sm" fw={500}>
            {words.diagnostics}
          </Text>
          <Text size="xs" c="dimmed">
            {words.diagnosticsDescription}
          </Text>
        </div>
        <CopyTextButton value={text} label={words.copy} copiedLabel={words.copied} />
      </Group>
      <Code block tabIndex={0} role="region" aria-label={words.selectAll} style={{ whiteSpace: 'pre-wrap' }}>
        {text}
      </Code>
    </Stack>
  )
}
