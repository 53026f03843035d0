import {
  ActionIcon,
  Button,
  Drawer,
  Group,
  Paper,
  Skeleton,
  Stack,
  Text,
  Title,
  Tooltip,
} from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconBookmark, IconTrash } from '@tabler/icons-react'
import { useMutation, useQuery } from '@tanstack/react-query'
import type { SavedPrompt } from '../../../src-main/contract/index.ts'
import { ErrorNotice } from '../../components/error-notice.tsx'
import { queries, queryClient } from '../../connection/engine.ts'
import { goTo, paths } from '../../navigation.ts'
import { formatMoment } from '../../strings/format.ts'
import { strings } from '../../strings/index.ts'
import { formFor } from './console-form.ts'
import type { Side } from './chat.ts'
import { chooseModel, useConsole, type Session } from './console-store.ts'
import { showSaved } from './generation.ts'
import { waitingOutput } from './generation-output.ts'
import { outputName } from './output-name.ts'

const text = strings.console

/** A button that shows the prompts that were kept. */
export function SavedPrompts() {
  const [isOpen, drawer] = useDisclosure(false)
  return (
    <>
      <Button variant="default" leftSection={<IconBookmark size={17} aria-hidden />} onClick={drawer.open}>
        {text.savedPrompts}
      </Button>
      <Drawer
        opened={isOpen}
        onClose={drawer.close}
        position="right"
        title={text.savedPrompts}
        closeButtonProps={{ 'aria-label': text.close }}
      >
        <SavedList onLoaded={drawer.close} />
      </Drawer>
    </>
  )
}

function SavedList({ onLoaded }: { readonly onLoaded: () => void }) {
  const { data: saved, error, refetch } = useQuery(queries.prompts.list.queryOptions())
  const remove = useMutation(
    queries.prompts.remove.mutationOptions({
      onSuccess: () => queryClient.invalidateQueries({ queryKey: queries.prompts.list.key() }),
    }),
  )
  if (error) return <ErrorNotice error={error} onRetry={() => void refetch()} />
  if (!saved) return <Skeleton height={120} role="status" aria-busy aria-label={strings.app.loading} />
  return (
    <Stack gap="sm">
      {remove.error && <ErrorNotice error={remove.error} />}
      {saved.length === 0 && (
        <Text size="sm" c="dimmed">
          {text.noSaved}
        </Text>
      )}
      {saved.map((prompt) => (
        <SavedCard
          key={prompt.id}
          saved={prompt}
          onLoad={() => {
            load(prompt)
            onLoaded()
          }}
          onDelete={() => remove.mutate({ id: prompt.id })}
        />
      ))}
    </Stack>
  )
}

function SavedCard({
  saved: { title, saved, source, prompt, results },
  onLoad,
  onDelete,
}: {
  readonly saved: SavedPrompt
  readonly onLoad: () => void
  readonly onDelete: () => void
}) {
  return (
    <Paper withBorder p="sm">
      <Stack gap={6}>
        <Title order={3} size="h6" lineClamp={2}>
          {title}
        </Title>
        <Text size="xs" c="dimmed">
          {formatMoment(saved)} · {source.kind === 'run' ? source.id : source.reference}
        </Text>
        <Text size="sm" lineClamp={3} style={{ whiteSpace: 'pre-wrap' }}>
          {prompt}
        </Text>
        {results.map(({ mode, text: written }, index) => (
          <Text key={index} size="xs" lineClamp={2}>
            <Text span size="xs" c="dimmed">
              {outputName(mode)}:{' '}
            </Text>
            {written}
          </Text>
        ))}
        <Group gap="xs" justify="space-between">
          <Button size="compact-sm" variant="default" aria-label={text.loadSaved(title)} onClick={onLoad}>
            {text.load}
          </Button>
          <Tooltip label={text.delete}>
            <ActionIcon
              variant="subtle"
              color="gray"
              size={28}
              aria-label={text.deleteSaved(title)}
              onClick={onDelete}
            >
              <IconTrash size={16} aria-hidden />
            </ActionIcon>
          </Tooltip>
        </Group>
      </Stack>
    </Paper>
  )
}

/** Shows a kept prompt, its settings and results as if it had just run. */
function load({ prompt, source, candidates, gateShare, sampling, maxTokens, results }: SavedPrompt): void {
  const spelled = results.map(({ mode }) => mode).find((mode) => mode !== 'base') ?? null
  const numbers = { candidates, gateShare }
  const outputs: Session['outputs'] = Object.fromEntries(
    results.map(({ mode, text: rest, tokensPerSecond }) => {
      const side: Side = mode === 'base' ? 'base' : 'spellm'
      const speed = tokensPerSecond === 0 ? null : tokensPerSecond
      return [side, { ...waitingOutput(mode), status: 'saved', rest, tokensPerSecond: speed }]
    }),
  )
  useConsole.setState({
    prompt,
    wantsChat: false,
    form: formFor(spelled, numbers, sampling, maxTokens),
  })
  showSaved({ source, prompt, chat: null, numbers, sampling, maxTokens, outputs })
  chooseModel(source.kind === 'model' ? source.reference : null)
  goTo(source.kind === 'run' ? paths.console(source.id) : paths.console())
}
