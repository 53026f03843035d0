import { Box, Text } from '@mantine/core'
import './share-bar.css'

/** A share of a whole as a bar under the words that say the same. */
export function ShareBar({
  label,
  share,
  isTooMuch = false,
}: {
  readonly label: string
  /** From 0; what is above 1 fills the bar. */
  readonly share: number
  /** Marks the bar as a problem; the words around it must say so too. */
  readonly isTooMuch?: boolean
}) {
  return (
    <Box>
      <Text size="sm" mb={4}>
        {label}
      </Text>
      <div className="share-bar">
        <div
          className="share-bar-fill"
          data-too-much={isTooMuch || undefined}
          style={{ inlineSize: `${Math.min(1, Math.max(0, share)) * 100}%` }}
        />
      </div>
    </Box>
  )
}
