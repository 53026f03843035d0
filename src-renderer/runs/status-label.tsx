import { Group, Text } from '@mantine/core'
import {
  IconAlertTriangle,
  IconCircleCheck,
  IconClock,
  IconFileBroken,
  IconPlayerPause,
  IconPlayerPlay,
  IconPlugConnectedX,
  type Icon,
} from '@tabler/icons-react'
import type { RunStatus } from '../../src-main/contract/index.ts'
import { strings } from '../strings/index.ts'

const looks: Record<RunStatus, { readonly icon: Icon; readonly color: string }> = {
  queued: { icon: IconClock, color: 'gray' },
  running: { icon: IconPlayerPlay, color: 'indigo' },
  pausing: { icon: IconPlayerPause, color: 'indigo' },
  paused: { icon: IconPlayerPause, color: 'gray' },
  interrupted: { icon: IconPlugConnectedX, color: 'orange' },
  finished: { icon: IconCircleCheck, color: 'green' },
  failed: { icon: IconAlertTriangle, color: 'red' },
  broken: { icon: IconFileBroken, color: 'red' },
}

/** A run's status in a word, with an icon. */
export function StatusLabel({ status }: { readonly status: RunStatus }) {
  const { icon: StatusIcon, color } = looks[status]
  return (
    <Group gap={6} wrap="nowrap">
      <StatusIcon
        size={17}
        aria-hidden
        style={{
          flex: 'none',
          color: `light-dark(var(--mantine-color-${color}-8), var(--mantine-color-${color}-4))`,
        }}
      />
      <Text span size="sm" fw={500}>
        {strings.runs.status[status]}
      </Text>
    </Group>
  )
}
