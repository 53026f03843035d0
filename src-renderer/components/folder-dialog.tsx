import {
  ActionIcon,
  Badge,
  Button,
  Checkbox,
  Group,
  Loader,
  Modal,
  ScrollArea,
  Skeleton,
  Stack,
  Text,
  TextInput,
  UnstyledButton,
} from '@mantine/core'
import { useRovingIndex } from '@mantine/hooks'
import { IconArrowUp, IconFile, IconFolder } from '@tabler/icons-react'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { FolderEntry, FolderListing } from '../../src-main/contract/index.ts'
import { queries } from '../connection/engine.ts'
import { formatBytes } from '../strings/format.ts'
import { strings } from '../strings/index.ts'
import { ErrorNotice } from './error-notice.tsx'
import './folder-dialog.css'

export type WantedPaths = 'folder' | 'textFiles'

const words = strings.folderDialog

/** Shows the folders of the engine's machine and lets a person choose one, or files, by absolute path. */
export function FolderDialog({
  opened,
  title,
  wanted,
  onChoose,
  onClose,
}: {
  readonly opened: boolean
  readonly title: string
  readonly wanted: WantedPaths
  /** At least one absolute path; exactly one if a folder is wanted. */
  readonly onChoose: (paths: string[]) => void
  readonly onClose: () => void
}) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={title}
      size="lg"
      centered
      closeButtonProps={{ 'aria-label': words.close }}
    >
      <FolderBrowser wanted={wanted} onChoose={onChoose} onClose={onClose} />
    </Modal>
  )
}

function FolderBrowser({
  wanted,
  onChoose,
  onClose,
}: {
  readonly wanted: WantedPaths
  readonly onChoose: (paths: string[]) => void
  readonly onClose: () => void
}) {
  // null: the home folder.
  const [folder, setFolder] = useState<string | null>(null)
  const [typed, setTyped] = useState<string | null>(null)
  const [chosenFiles, setChosenFiles] = useState<readonly string[]>([])
  const { data, error, isFetching, refetch } = useQuery(
    queries.files.browse.queryOptions({ input: { folder }, placeholderData: keepPreviousData }),
  )
  const open = (path: string) => {
    setTyped(null)
    setFolder(path)
  }
  const toggleFile = (path: string) =>
    setChosenFiles((chosen) =>
      chosen.includes(path) ? chosen.filter((other) => other !== path) : [...chosen, path],
    )
  return (
    <Stack gap="sm">
      <PathForm
        folder={(error ? folder : data?.folder) ?? ''}
        parent={data?.parent ?? null}
        typed={typed}
        isFetching={isFetching}
        onType={setTyped}
        onOpen={open}
      />
      {error ? (
        <ErrorNotice error={error} onRetry={() => void refetch()} />
      ) : data ? (
        <Entries
          key={data.folder}
          listing={data}
          wanted={wanted}
          chosenFiles={chosenFiles}
          onOpen={open}
          onToggleFile={toggleFile}
        />
      ) : (
        <Skeleton height={320} />
      )}
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onClose}>
          {words.cancel}
        </Button>
        {wanted === 'folder' ? (
          <Button
            disabled={!data || error !== null || isFetching}
            onClick={() => data && onChoose([data.folder])}
          >
            {words.chooseFolder}
          </Button>
        ) : (
          <Button disabled={chosenFiles.length === 0} onClick={() => onChoose([...chosenFiles])}>
            {words.chooseFiles(chosenFiles.length)}
          </Button>
        )}
      </Group>
    </Stack>
  )
}

/** Where the browser is, as a path that can be typed over, and the way up. */
function PathForm({
  folder,
  parent,
  typed,
  isFetching,
  onType,
  onOpen,
}: {
  /** '': not known yet. */
  readonly folder: string
  /** null: there is none above. */
  readonly parent: string | null
  /** null: nothing since the folder was opened. */
  readonly typed: string | null
  readonly isFetching: boolean
  readonly onType: (path: string) => void
  readonly onOpen: (path: string) => void
}) {
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (typed?.trim()) onOpen(typed.trim())
      }}
    >
      <Group gap="xs" align="end" wrap="nowrap">
        <ActionIcon
          variant="default"
          size={36}
          aria-label={words.parent}
          disabled={!parent}
          onClick={() => parent && onOpen(parent)}
        >
          <IconArrowUp size={18} aria-hidden />
        </ActionIcon>
        <TextInput
          label={words.folder}
          value={typed ?? folder}
          onChange={({ currentTarget }) => onType(currentTarget.value)}
          rightSection={isFetching && <Loader size="xs" aria-hidden />}
          spellCheck={false}
          data-autofocus
          flex={1}
        />
        <Button type="submit" variant="default">
          {words.goThere}
        </Button>
      </Group>
    </form>
  )
}
function Entries({
  listing: { entries, folder, isCut },
  wanted,
  chosenFiles,
  onOpen,
  onToggleFile,
}: {
  readonly listing: FolderListing
  readonly wanted: WantedPaths
  readonly chosenFiles: readonly string[]
  readonly onOpen: (path: string) => void
  readonly onToggleFile: (path: string) => void
}) {
  const canUse = ({ kind }: FolderEntry) => kind === 'folder' || wanted === 'textFiles'
  const { getItemProps } = useRovingIndex({
    total: entries.length,
    orientation: 'vertical',
    loop: false,
    isItemDisabled: (index) => !canUse(entries[index]!),
  })
  return (
    <Stack gap="xs">
      <ScrollArea h={320} className="folder-entries" viewportProps={{ tabIndex: -1 }}>
        {entries.length === 0 ? (
          <Text size="sm" c="dimmed" p="md">
            {words.empty}
          </Text>
        ) : (
          <ul className="folder-list" aria-label={words.contents(folder)}>
            {entries.map((entry, index) => (
              <li key={entry.path}>
                {canUse(entry) ? (
                  <UnstyledButton
                    className="folder-entry"
                    {...(entry.kind === 'file'
                      ? { role: 'checkbox', 'aria-checked': chosenFiles.includes(entry.path) }
                      : {})}
                    {...getItemProps({
                      index,
                      onClick: () =>
                        entry.kind === 'folder' ? onOpen(entry.path) : onToggleFile(entry.path),
                    })}
                  >
                    <EntryLine entry={entry} isChosen={chosenFiles.includes(entry.path)} wanted={wanted} />
                  </UnstyledButton>
                ) : (
                  <div className="folder-entry">
                    <EntryLine entry={entry} isChosen={false} wanted={wanted} />
                  </div>
                )}
              </li>
            ))}
          </ul>
        )}
      </ScrollArea>
      {isCut && (
        <Text size="sm" c="dimmed">
          {words.isCut}
        </Text>
      )}
    </Stack>
  )
}

function EntryLine({
  entry: { name, kind, isModel, bytes },
  isChosen,
  wanted,
}: {
  readonly entry: FolderEntry
  readonly isChosen: boolean
  readonly wanted: WantedPaths
}) {
  const EntryIcon = kind === 'folder' ? IconFolder : IconFile
  return (
    <Group gap="xs" wrap="nowrap">
      {kind === 'file' && wanted === 'textFiles' && <Checkbox.Indicator checked={isChosen} size="xs" />}
      <EntryIcon size={16} aria-hidden className="folder-entry-icon" />
      <Text size="sm" truncate flex={1} {...(kind === 'file' && wanted === 'folder' ? { c: 'dimmed' } : {})}>
        <bdi>{name}</bdi>
      </Text>
      {isModel && (
        <Badge size="sm" variant="light">
          {words.isModel}
        </Badge>
      )}
      {kind === 'file' && (
        <Text size="xs" c="dimmed">
          {formatBytes(bytes)}
        </Text>
      )}
    </Group>
  )
}
