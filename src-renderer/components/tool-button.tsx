import { ActionIcon, Tooltip } from '@mantine/core'
import type { Icon } from '@tabler/icons-react'

/** A button of a toolbar: an icon with a name. */
export function ToolButton({
  label,
  icon: ToolIcon,
  isDisabled = false,
  onClick,
}: {
  readonly label: string
  readonly icon: Icon
  readonly isDisabled?: boolean
  readonly onClick: () => void
}) {
  return (
    <Tooltip label={label} openDelay={400}>
      <ActionIcon
        variant="subtle"
        color="gray"
        size={28}
        aria-label={label}
        // A disabled button would lose the focus of whoever just pressed it.
        {...(isDisabled ? { 'data-disabled': true, 'aria-disabled': true } : {})}
        onClick={() => !isDisabled && onClick()}
      >
        <ToolIcon size={17} aria-hidden />
      </ActionIcon>
    </Tooltip>
  )
}
