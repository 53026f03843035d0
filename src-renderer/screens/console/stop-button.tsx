import { Button } from '@mantine/core'
import { IconPlayerStop } from '@tabler/icons-react'
import { strings } from '../../strings/index.ts'
import { useConsole } from './console-store.ts'
import { stopGeneration } from './generation.ts'
import { isOpen } from './generation-output.ts'

/** Whether something is being written. */
export const useIsGenerating = (): boolean =>
  useConsole(({ session }) => Object.values(session?.outputs ?? {}).some(isOpen))

/** Ends what is being written. */
export function StopButton() {
  return (
    <Button
      variant="default"
      leftSection={<IconPlayerStop size={17} aria-hidden />}
      disabled={!useIsGenerating()}
      onClick={stopGeneration}
    >
      {strings.console.stop}
    </Button>
  )
}
