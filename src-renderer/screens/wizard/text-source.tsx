import { ActionIcon, Alert, Button, Group, Radio, Skeleton, Stack, Text, TextInput } from '@mantine/core'
import { IconInfoCircle, IconX } from '@tabler/icons-react'
import { skipToken, useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { ErrorNotice } from '../../components/error-notice.tsx'
import { PathDrop } from '../../components/path-drop.tsx'
import { usePathPicker } from '../../components/use-path-picker.tsx'
import { queries } from '../../connection/engine.ts'
import { strings } from '../../strings/index.ts'
import { hasSymbols, sourceOf, textsOf } from './draft.ts'
import { changeDraft, useDraft } from './wizard-store.ts'

const words = strings.wizard.training

/**
 * The text to learn from, with its beginning.
 *
 * @param budget tokens that the run would learn from; undefined: not known
 */
export function TextSource({
  problem,
  budget,
}: {
  readonly problem: string | undefined
  readonly budget: number | undefined
}) {
  const source = useDraft(sourceOf)
  const canAsk = useDraft(hasSymbols)
  const isSample = useDraft((draft) => draft.base === 'sample')
  const withoutFiles = isSample ? 'stories' : 'selfWritten'
  return (
    <Stack gap="md">
      <Radio.Group
        aria-label={words.source}
        value={source === 'own' ? withoutFiles : source}
        onChange={(chosen) =>
          changeDraft({ source: chosen === 'files' || chosen === 'questions' ? chosen : 'own' })
        }
      >
        <Stack gap="xs">
          {([withoutFiles, ...(canAsk ? (['questions'] as const) : []), 'files'] as const).map((choice) => (
            <Radio
              key={choice}
              value={choice}
              label={words.sources[choice]}
              description={words.sourceDescriptions[choice]}
            />
          ))}
        </Stack>
      </Radio.Group>
      {source === 'files' && <Files key="texts" list="texts" problem={problem} />}
      {source === 'questions' && <Files key="questions" list="questions" problem={problem} />}
      <Preview budget={budget} />
    </Stack>
  )
}

function Files({
  list,
  problem,
}: {
  readonly list: 'texts' | 'questions'
  readonly problem: string | undefined
}) {
  const files = useDraft((draft) => draft[list])
  const [path, setPath] = useState('')
  const add = (paths: readonly string[]) => changeDraft({ [list]: [...new Set([...files, ...paths])] })
  const { pick, dialog } = usePathPicker({ title: words.pickTitle, wanted: 'textFiles', onPicked: add })
  return (
    <PathDrop onDrop={add}>
      <Stack gap="sm">
        {files.length > 0 && (
          <ul className="chosen-files" aria-label={words.files}>
            {files.map((file) => (
              <li key={file}>
                <Text size="sm" ff="monospace" style={{ overflowWrap: 'anywhere' }}>
                  {file}
                </Text>
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  aria-label={words.removeFile(file)}
                  onClick={() => changeDraft({ [list]: files.filter((other) => other !== file) })}
                >
                  <IconX size={16} aria-hidden />
                </ActionIcon>
              </li>
            ))}
          </ul>
        )}
        <form
          onSubmit={(event) => {
            event.preventDefault()
            if (path.trim() === '') return
            add([path.trim()])
            setPath('')
          }}
        >
          <Group gap="xs" align="start">
            <TextInput
              aria-label={words.addPath}
              placeholder={words.addPathPlaceholder}
              value={path}
              onChange={({ currentTarget }) => setPath(currentTarget.value)}
              error={problem}
              spellCheck={false}
              autoComplete="off"
              flex="1 1 16rem"
            />
            <Button type="submit" variant="default" disabled={path.trim() === ''}>
              {words.add}
            </Button>
            <Button variant="default" onClick={pick}>
              {words.addFiles}
            </Button>
          </Group>
        </form>
        {window.studioHost && (
          <Text size="xs" c="dimmed">
            {words.filesDrop}
          </Text>
        )}
        {dialog}
      </Stack>
    </PathDrop>
  )
}

function Preview({ budget }: { readonly budget: number | undefined }) {
  const base = useDraft((draft) => draft.base)
  const source = useDraft(sourceOf)
  const chosen = useDraft((draft) => draft.texts)
  const texts = useMemo(() => textsOf({ source, texts: chosen }), [source, chosen])
  const hasText = base !== null && source !== 'questions' && !(source === 'files' && texts.length === 0)
  const { data, error, refetch } = useQuery(
    queries.text.preview.queryOptions({ input: hasText ? { model: base, texts } : skipToken }),
  )
  if (!hasText) return null
  if (error) return <ErrorNotice error={error} onRetry={() => void refetch()} />
  // As high as most previews: what is below should stay where it is.
  if (!data) return <Skeleton height="calc(13rem + 30px)" />
  const { documents, bytes, tokens } = data
  if (documents.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {words.previewSelfWritten}
      </Text>
    )
  return (
    <Stack gap="xs">
      <Group justify="space-between" gap="xs">
        <Text size="sm" fw={500}>
          {words.preview}
        </Text>
        <Text size="sm" c="dimmed">
          {source === 'files' ? words.previewSize(bytes, tokens) : words.previewGenerated}
        </Text>
      </Group>
      {/* Scrolls, so it must be reachable by keyboard. */}
      <div className="text-preview" tabIndex={0} role="region" aria-label={words.preview}>
        {documents.map((document, index) => (
          <section key={index} aria-label={words.document(index + 1)}>
            {document}
          </section>
        ))}
      </div>
      {tokens !== null && budget !== undefined && tokens < budget && (
        <Alert color="yellow" icon={<IconInfoCircle />} p="xs">
          {words.shortText(tokens, budget)}
        </Alert>
      )}
    </Stack>
  )
}
