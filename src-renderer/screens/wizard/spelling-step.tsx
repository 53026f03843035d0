import { Group, Loader, SimpleGrid, Skeleton, Stack, Text } from '@mantine/core'
import { ErrorNotice } from '../../components/error-notice.tsx'
import { Panel } from '../../components/panel.tsx'
import { strings } from '../../strings/index.ts'
import { AlphabetCharacters } from './alphabet-characters.tsx'
import { CoverageHeatmap } from './coverage-heatmap.tsx'
import { CoverageTable } from './coverage-table.tsx'
import { ProblemTokens } from './problem-tokens.tsx'
import { SizeComparison } from './size-comparison.tsx'
import { SpellBox } from './spell-box.tsx'
import { AlphabetControl, LengthControl, SymbolControl, UnitControl } from './spelling-controls.tsx'
import { WordFacts } from './word-facts.tsx'
import './spelling-step.css'
import { useSpellingPreview } from './use-spelling-preview.ts'

const words = strings.wizard.spelling

export function SpellingStep() {
  const live = useSpellingPreview()
  return (
    <Stack gap="md">
      <Text size="sm" c="dimmed" maw="75ch">
        {words.intro}
      </Text>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
        <Panel title={words.choice}>
          <Stack gap="lg">
            <UnitControl />
            <SymbolControl />
            <LengthControl />
            <AlphabetControl preview={live.preview} />
            {live.preview && <AlphabetCharacters preview={live.preview} />}
          </Stack>
        </Panel>
        <Coverage live={live} />
      </SimpleGrid>
      <Details live={live} />
    </Stack>
  )
}

interface LiveProps {
  readonly live: ReturnType<typeof useSpellingPreview>
}

function Coverage({ live: { preview, isOld, error, retry } }: LiveProps) {
  return (
    <Panel
      title={words.coverage}
      {...(preview ? { explanation: words.coverageOf(preview.countedTokens) } : {})}
      actions={
        isOld && (
          <Group gap={6} wrap="nowrap">
            <Loader size="xs" aria-hidden />
            <Text size="xs" c="dimmed">
              {strings.wizard.updating}
            </Text>
          </Group>
        )
      }
    >
      {error !== null && <ErrorNotice error={error} onRetry={retry} />}
      {preview ? (
        <div aria-live="polite" aria-busy={isOld}>
          <Stack gap="md">
            {preview.words && <WordFacts words={preview.words} />}
            <CoverageTable preview={preview} />
            {preview.tokenSymbols > 0 && preview.countedTokens === 0 && (
              <Text size="sm">{words.symbolsChosenLater}</Text>
            )}
            <SizeComparison preview={preview} />
          </Stack>
        </div>
      ) : (
        error === null && <Skeleton height={260} />
      )}
    </Panel>
  )
}

function Details({ live: { preview, isOld, error } }: LiveProps) {
  if (!preview) return error === null && <Skeleton height={280} />
  return (
    <div className="spelling-details" aria-busy={isOld}>
      <Stack gap="md">
        <Panel title={words.heatmap} explanation={words.heatmapHint}>
          <CoverageHeatmap heatmap={preview.heatmap} />
        </Panel>
        {preview.groups === 0 && (
          <>
            <Panel title={words.tryTitle}>
              <SpellBox />
            </Panel>
            <Panel
              title={words.problems}
              {...(preview.countedTokens === 0 ? { explanation: words.noTextYet } : {})}
            >
              <ProblemTokens problems={preview.problems} isCounted={preview.countedTokens > 0} />
            </Panel>
          </>
        )}
      </Stack>
    </div>
  )
}
