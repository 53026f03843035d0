import { useState, type ReactNode } from 'react'
import { showError } from './show-error.ts'
import { FolderDialog, type WantedPaths } from './folder-dialog.tsx'

/**
 * Lets a person choose a folder or text files: with the desktop host's own dialog, or with ours where there is
 * none.
 *
 * @returns `pick` opens the dialog; `dialog` is to be rendered somewhere
 */
export function usePathPicker({
  title,
  wanted,
  onPicked,
}: {
  readonly title: string
  readonly wanted: WantedPaths
  /** At least one absolute path; exactly one if a folder is wanted. */
  readonly onPicked: (paths: string[]) => void
}): { readonly pick: () => void; readonly dialog: ReactNode } {
  const [opened, setOpened] = useState(false)
  const host = window.studioHost
  if (host) {
    const pickNatively = async () => {
      const paths =
        wanted === 'folder' ? asList(await host.pickFolder(title)) : await host.pickTextFiles(title)
      if (paths && paths.length > 0) onPicked(paths)
    }
    return { pick: () => void pickNatively().catch(showError), dialog: null }
  }
  return {
    pick: () => setOpened(true),
    dialog: (
      <FolderDialog
        opened={opened}
        title={title}
        wanted={wanted}
        onChoose={(paths) => {
          setOpened(false)
          onPicked(paths)
        }}
        onClose={() => setOpened(false)}
      />
    ),
  }
}

const asList = (path: string | null): string[] | null => (path === null ? null : [path])
