import { Stack, Text } from '@mantine/core'
import type { SpellingPreview } from '../../../src-main/contract/index.ts'
import { ShareBar } from '../../components/share-bar.tsx'
import { strings } from '../../strings/index.ts'

const words = strings.wizard.spelling

/** The tail's size beside that of the LM head that it replaces. */
export function SizeComparison({
  parameters: { tail, baseHead },
}: {
  readonly parameters: SpellingPreview['parameters']
}) {
  const larger = Math.max(tail, baseHead)
  return (
    <Stack gap="xs">
      <ShareBar label={words.sizeBar(words.tail, tail)} share={tail / larger} />
      <ShareBar label={words.sizeBar(words.baseHead, baseHead)} share={baseHead / larger} />
      <Text size="sm">
        {tail < baseHead ? words.sizeSmaller(tail, baseHead) : words.sizeLarger(tail, baseHead)}
      </Text>
    </Stack>
  )
}
