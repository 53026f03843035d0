import { Stack, Text } from '@mantine/core'
import type { SpellingPreview } from '../../../src-main/contract/index.ts'
import { ShareBar } from '../../components/share-bar.tsx'
import { strings } from '../../strings/index.ts'

const words = strings.wizard.spelling

/** The tail's size, or what is read of tail and token symbols, next to the LM head that they replace. */
export function SizeComparison({
  preview: {
    parameters: { tail, baseHead },
    tokenSymbols,
    tailShare,
  },
}: {
  readonly preview: SpellingPreview
}) {
  if (tailShare !== null) {
    const larger = Math.max(1, tailShare)
    return (
      <Stack gap="xs">
        <ShareBar
          label={words.sizeBar(words.tailAndSymbols, tailShare * baseHead)}
          share={tailShare / larger}
        />
        <ShareBar label={words.sizeBar(words.baseHead, baseHead)} share={1 / larger} />
        <Text size="sm">
          {words.symbolShare(tokenSymbols, tailShare)} {tailShare >= 1 && words.symbolShareLarge}
        </Text>
      </Stack>
    )
  }
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
