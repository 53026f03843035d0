import { Group, Text } from '@mantine/core'
import { IconBan, IconCircleCheck, IconCopy, IconCut, IconHash, type Icon } from '@tabler/icons-react'
import type { SpellingStatus } from '../../../src-main/contract/index.ts'
import { strings } from '../../strings/index.ts'

const words = strings.wizard.spelling

const looks: Record<SpellingStatus, { readonly icon: Icon; readonly color: string }> = {
  covered: { icon: IconCircleCheck, color: 'green' },
  truncated: { icon: IconCut, color: 'orange' },
  shadowed: { icon: IconCopy, color: 'orange' },
  uncovered: { icon: IconBan, color: 'red' },
  symbol: { icon: IconHash, color: 'green' },
}

/**
 * Whether a token can be written, in a word, with an icon.
 *
 * @param isGrouped whether tokens come in learned groups in place of spellings
 */
export function SpellingStatusLabel({
  status,
  isGrouped = false,
}: {
  readonly status: SpellingStatus
  readonly isGrouped?: boolean
}) {
  const { icon: StatusIcon, color } = looks[status]
  return (
    <Group gap={4} wrap="nowrap" component="span" display="inline-flex">
      <StatusIcon
        size={15}
        aria-hidden
        style={{
          flex: 'none',
          color: `light-dark(var(--mantine-color-${color}-8), var(--mantine-color-${color}-4))`,
        }}
      />
      <Text span size="sm">
        {isGrouped && status === 'covered' ? words.grouped : words.statuses[status]}
      </Text>
    </Group>
  )
}
