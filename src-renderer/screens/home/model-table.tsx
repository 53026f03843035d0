import { ActionIcon, Box, Button, Group, Stack, Table, Text, Tooltip, VisuallyHidden } from '@mantine/core'
import { IconAlertTriangle, IconTrash } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { LibraryModel, ModelCard } from '../../../src-main/contract/index.ts'
import { ConfirmDialog } from '../../components/confirm-dialog.tsx'
import { focusHeading } from '../../components/focus-heading.ts'
import { ShareBar } from '../../components/share-bar.tsx'
import { queries, queryClient } from '../../connection/engine.ts'
import { formatCompact, formatPercent } from '../../strings/format.ts'
import { strings } from '../../strings/index.ts'
import { prepareConversion } from '../wizard/wizard-store.ts'

const words = strings.home

/** A model as far as removing it goes. */
interface Removed {
  readonly reference: string
  readonly name: string
}

/** The models of the library with what a conversion could save; those that can't be used say why. */
export function ModelTable({ models }: { readonly models: readonly LibraryModel[] }) {
  const [removed, setRemoved] = useState<Removed | null>(null)
  return (
    <>
      <Table.ScrollContainer minWidth={640} type="native" pos="relative">
        <Table verticalSpacing="sm" horizontalSpacing="sm">
          <Table.Thead>
            <Table.Tr>
              <Table.Th miw={190}>{words.model}</Table.Th>
              <Table.Th>{words.architecture}</Table.Th>
              <Table.Th>{words.parameters}</Table.Th>
              <Table.Th miw={140}>{words.headShare}</Table.Th>
              <Table.Th>
                <VisuallyHidden>{words.actions}</VisuallyHidden>
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {models.map((model) =>
              model.usable ? (
                <UsableRow
                  key={model.card.reference}
                  card={model.card}
                  hasOthers={models.length > 1}
                  onRemove={setRemoved}
                />
              ) : (
                <UnusableRow key={model.reference} model={model} onRemove={setRemoved} />
              ),
            )}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      <Text size="xs" c="dimmed">
        {words.headShareHint}
      </Text>
      <RemoveDialog model={removed} onClose={() => setRemoved(null)} />
    </>
  )
}

function UsableRow({
  card,
  hasOthers,
  onRemove,
}: {
  readonly card: ModelCard
  readonly hasOthers: boolean
  readonly onRemove: (model: Removed) => void
}) {
  const { reference, name, architecture, layers, parameters, lmHeadShare } = card
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={400} maw={320}>
        <Text size="sm" fw={600} style={{ overflowWrap: 'anywhere' }}>
          {name}
        </Text>
        <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
          {reference === 'sample' ? words.builtIn : reference}
        </Text>
      </Table.Th>
      <Table.Td>{words.layers(architecture, layers)}</Table.Td>
      <Table.Td>{formatCompact(parameters)}</Table.Td>
      <Table.Td>
        <ShareBar label={formatPercent(lmHeadShare)} share={lmHeadShare} />
      </Table.Td>
      <Table.Td>
        <Group gap="xs" justify="flex-end" wrap="nowrap">
          <Button
            size="xs"
            variant="default"
            aria-label={words.nameAction(words.convert, name)}
            onClick={() => prepareConversion(reference)}
          >
            {words.convert}
          </Button>
          {reference === 'sample' ? (
            // As wide as the button of the other rows.
            hasOthers && <Box w={28} />
          ) : (
            <RemoveButton name={name} onClick={() => onRemove({ reference, name })} />
          )}
        </Group>
      </Table.Td>
    </Table.Tr>
  )
}

function UnusableRow({
  model: { reference, name, problem, remedy },
  onRemove,
}: {
  readonly model: Extract<LibraryModel, { usable: false }>
  readonly onRemove: (model: Removed) => void
}) {
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={400} maw={320}>
        <Text size="sm" fw={600} style={{ overflowWrap: 'anywhere' }}>
          {name}
        </Text>
        <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
          {reference}
        </Text>
      </Table.Th>
      <Table.Td colSpan={3}>
        <Group gap="xs" wrap="nowrap" align="start">
          <IconAlertTriangle
            size={17}
            aria-hidden
            style={{
              flex: 'none',
              marginTop: 2,
              color: 'light-dark(var(--mantine-color-orange-8), var(--mantine-color-orange-4))',
            }}
          />
          <Stack gap={2}>
            <Text size="sm">
              <b>{words.unusable}.</b> {problem}
            </Text>
            <Text size="sm" c="dimmed">
              {remedy}
            </Text>
          </Stack>
        </Group>
      </Table.Td>
      <Table.Td>
        <Group justify="flex-end">
          <RemoveButton name={name} onClick={() => onRemove({ reference, name })} />
        </Group>
      </Table.Td>
    </Table.Tr>
  )
}

function RemoveButton({ name, onClick }: { readonly name: string; readonly onClick: () => void }) {
  return (
    <Tooltip label={words.remove}>
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={words.nameAction(words.remove, name)}
        onClick={onClick}
      >
        <IconTrash size={17} aria-hidden />
      </ActionIcon>
    </Tooltip>
  )
}

function RemoveDialog({ model, onClose }: { readonly model: Removed | null; readonly onClose: () => void }) {
  const remove = useMutation(
    queries.models.remove.mutationOptions({
      onSuccess: async () => {
        await queryClient.invalidateQueries({ queryKey: queries.models.list.key() })
        onClose()
        focusHeading()
      },
    }),
  )
  return (
    <ConfirmDialog
      opened={model !== null}
      title={words.removeTitle(model?.name ?? '')}
      confirmLabel={words.remove}
      cancelLabel={words.cancel}
      isBusy={remove.isPending}
      error={remove.error}
      onConfirm={() => model && remove.mutate({ reference: model.reference })}
      onClose={onClose}
    >
      <Text size="sm">{words.removeText}</Text>
    </ConfirmDialog>
  )
}
