import { Button, Group, Paper, Radio, SimpleGrid, Skeleton, Stack, Text, TextInput } from '@mantine/core'
import { IconAlertTriangle, IconCheck } from '@tabler/icons-react'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { LibraryModel } from '../../../src-main/contract/index.ts'
import { ErrorNotice } from '../../components/error-notice.tsx'
import { PathDrop } from '../../components/path-drop.tsx'
import { usePathPicker } from '../../components/use-path-picker.tsx'
import { queries, queryClient } from '../../connection/engine.ts'
import { strings } from '../../strings/index.ts'
import { HubModels } from './hub-models.tsx'
import { ModelCard } from './model-card.tsx'
import { useBaseModel } from './use-base-model.ts'
import { chooseBase, useDraft } from './wizard-store.ts'

const words = strings.wizard.base

export function BaseStep() {
  const base = useDraft((draft) => draft.base)
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing="xl">
      <Stack gap="lg">
        <KnownModels />
        <OtherFolder />
        <HubModels />
      </Stack>
      <div aria-live="polite">
        {base === null ? <Text c="dimmed">{words.nothingChosen}</Text> : <ChosenModel reference={base} />}
      </div>
    </SimpleGrid>
  )
}

/** The models of the library, and the chosen one where it isn't among them. */
function KnownModels() {
  const base = useDraft((draft) => draft.base)
  const { data: models, error, refetch } = useQuery(queries.models.list.queryOptions())
  if (error) return <ErrorNotice error={error} onRetry={() => void refetch()} />
  if (!models) return <Skeleton height={220} />
  const isOther = base !== null && !models.some((model) => referenceOf(model) === base)
  return (
    <Radio.Group label={words.models} value={base} onChange={chooseBase}>
      <Stack gap="xs" mt={6}>
        {models.map((model) => (
          <LibraryChoice key={referenceOf(model)} model={model} />
        ))}
        {isOther && <Choice value={base} name={words.chosenFolder} line={base} />}
      </Stack>
    </Radio.Group>
  )
}

const referenceOf = (model: LibraryModel): string => (model.usable ? model.card.reference : model.reference)

function LibraryChoice({ model }: { readonly model: LibraryModel }) {
  if (!model.usable)
    return (
      <Choice
        value={model.reference}
        name={model.name}
        line={`${words.unusable}: ${model.problem} ${model.remedy}`}
        isDisabled
      />
    )
  const { reference, name, architecture, parameters, vocabularySize } = model.card
  const line = words.modelLine(architecture, parameters, vocabularySize)
  return (
    <Choice value={reference} name={name} line={reference === 'sample' ? `${line}. ${words.sample}` : line} />
  )
}

function Choice({
  value,
  name,
  line,
  isDisabled = false,
}: {
  readonly value: string
  readonly name: string
  readonly line: string
  readonly isDisabled?: boolean
}) {
  return (
    <Radio.Card value={value} p="sm" disabled={isDisabled} aria-label={`${name}. ${line}`}>
      <Group wrap="nowrap" align="start" gap="sm">
        {isDisabled ? (
          <IconAlertTriangle size={20} aria-hidden style={{ flex: 'none' }} />
        ) : (
          <Radio.Indicator mt={2} />
        )}
        <div>
          <Text size="sm" fw={600}>
            {name}
          </Text>
          <Text size="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
            {line}
          </Text>
        </div>
      </Group>
    </Radio.Card>
  )
}

function OtherFolder() {
  const [path, setPath] = useState('')
  const { pick, dialog } = usePathPicker({
    title: words.pickTitle,
    wanted: 'folder',
    onPicked: ([folder]) => chooseBase(folder!),
  })
  return (
    <PathDrop onDrop={([folder]) => chooseBase(folder!)}>
      <Paper
        withBorder
        p="md"
        component="form"
        onSubmit={(event) => {
          event.preventDefault()
          if (path.trim() !== '') chooseBase(path.trim())
        }}
      >
        <Stack gap="sm">
          <TextInput
            label={words.folder}
            description={
              window.studioHost ? `${words.folderDescription} ${words.folderDrop}` : words.folderDescription
            }
            placeholder={words.folderPlaceholder}
            value={path}
            onChange={({ currentTarget }) => setPath(currentTarget.value)}
            spellCheck={false}
            autoComplete="off"
          />
          <Group gap="xs">
            <Button type="submit" variant="default" disabled={path.trim() === ''}>
              {words.check}
            </Button>
            <Button variant="default" onClick={pick}>
              {words.browse}
            </Button>
          </Group>
        </Stack>
        {dialog}
      </Paper>
    </PathDrop>
  )
}

function ChosenModel({ reference }: { readonly reference: string }) {
  const { data: card, error, refetch } = useBaseModel(reference)
  if (error) return <ErrorNotice error={error} onRetry={() => void refetch()} />
  if (!card) return <Skeleton height={420} />
  return <ModelCard card={card} action={<KeepInLibrary reference={reference} />} />
}

function KeepInLibrary({ reference }: { readonly reference: string }) {
  const { data: models } = useQuery(queries.models.list.queryOptions())
  const add = useMutation(
    queries.models.add.mutationOptions({
      onSuccess: () => queryClient.invalidateQueries({ queryKey: queries.models.list.key() }),
    }),
  )
  if (!models) return null
  if (models.some((model) => referenceOf(model) === reference))
    return (
      <Group gap={4} wrap="nowrap">
        <IconCheck size={16} aria-hidden />
        <Text size="sm" c="dimmed">
          {words.inLibrary}
        </Text>
      </Group>
    )
  return (
    <Stack gap="xs">
      <Button size="xs" variant="default" loading={add.isPending} onClick={() => add.mutate({ reference })}>
        {words.addToLibrary}
      </Button>
      {add.error && <ErrorNotice error={add.error} />}
    </Stack>
  )
}
