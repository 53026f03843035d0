import { Alert, Box, Group, Paper, Stack, Text, Title } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import type { ModelCard as Card } from '../../../src-main/contract/index.ts'
import { FactList } from '../../components/facts.tsx'
import { ShareBar } from '../../components/share-bar.tsx'
import { formatCompact, formatCount } from '../../strings/format.ts'
import { strings } from '../../strings/index.ts'

const words = strings.wizard.card

/** What a base model is made of, what a SpeLLM of it could save, and whether this machine can convert it. */
export function ModelCard({ card, action }: { readonly card: Card; readonly action?: ReactNode }) {
  const { memory } = card
  const isTight = memory.needed > memory.free
  return (
    <Paper withBorder p="md" component="section" aria-label={card.name}>
      <Stack gap="md">
        <Group justify="space-between" wrap="nowrap">
          <Title order={3} size="h4" style={{ overflowWrap: 'anywhere' }}>
            {card.name}
          </Title>
          {action}
        </Group>
        <FactList
          facts={[
            { name: words.architecture, value: words.architectureValue(card.architecture, card.layers) },
            { name: words.parameters, value: formatCompact(card.parameters) },
            { name: words.size, value: words.sizeValue(card.bytes, card.dtype) },
            { name: words.vocabulary, value: words.vocabularyValue(card.vocabularySize) },
            { name: words.hiddenSize, value: formatCount(card.hiddenSize) },
            { name: words.context, value: words.contextValue(card.contextLength) },
            ...(card.reference === 'sample' ? [] : [{ name: words.folder, value: card.reference }]),
          ]}
        />
        <Box>
          <Title order={4} size="h5" mb={6}>
            {words.headTitle}
          </Title>
          <Stack gap={6}>
            <ShareBar label={words.headBar(card.lmHeadShare)} share={card.lmHeadShare} />
            <Text size="sm">
              {words.headSize(card.vocabularySize, card.hiddenSize, card.headParameters)}{' '}
              {words.speedUp(card.lmHeadShare)} {card.tied && words.tied}
            </Text>
          </Stack>
        </Box>
        <Box>
          <Title order={4} size="h5" mb={6}>
            {words.memoryTitle}
          </Title>
          <ShareBar
            label={words.memoryBar(memory.needed, memory.free)}
            share={memory.needed / Math.max(memory.free, 1)}
            isTooMuch={isTight}
          />
          {isTight && (
            <Alert color="yellow" icon={<IconAlertTriangle />} title={words.memoryTight} mt="xs">
              {words.memoryRemedy}
            </Alert>
          )}
        </Box>
      </Stack>
    </Paper>
  )
}
