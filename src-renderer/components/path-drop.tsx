import { Box } from '@mantine/core'
import { useState, type ReactNode } from 'react'

/**
 * An area that takes files and folders dropped from the desktop. Browsers don't tell their paths, so without a
 * desktop host it is an ordinary box.
 */
export function PathDrop({
  onDrop,
  children,
}: {
  readonly onDrop: (paths: string[]) => void
  readonly children: ReactNode
}) {
  const [isOver, setOver] = useState(false)
  const host = window.studioHost
  if (!host) return <Box>{children}</Box>
  return (
    <Box
      onDragOver={(event) => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault()
        setOver(false)
        const paths = Array.from(event.dataTransfer.files, (file) => host.pathOfFile(file))
        if (paths.length > 0) onDrop(paths)
      }}
      style={{
        borderRadius: 'var(--mantine-radius-md)',
        outline: isOver ? '2px dashed var(--mantine-primary-color-filled)' : 'none',
        outlineOffset: 4,
      }}
    >
      {children}
    </Box>
  )
}
