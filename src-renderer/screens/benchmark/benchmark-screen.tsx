import { Alert, Skeleton, Text } from '@mantine/core'
import type { ConsoleSource, LibraryModel, RunSummary } from '../../../src-main/contract/index.ts'
import { ErrorNotice } from '../../components/error-notice.tsx'
import { Pending } from '../../components/pending.tsx'
import { Screen } from '../../components/screen.tsx'
import { SourcePicker } from '../../components/source-picker.tsx'
import { useSources } from '../../runs/use-sources.ts'
import { strings } from '../../strings/index.ts'
import { useBenchmark } from './benchmark-store.ts'
import { MeasureForm } from './measure-form.tsx'
import { Results } from './results.tsx'

const text = strings.benchmark

/** What a token of one's own model costs, by its parts and by decode mode. */
export function BenchmarkScreen() {
  const { finished, models, error, retry } = useSources()
  return (
    <Screen title={text.title}>
      <Text size="sm" c="dimmed" maw={720}>
        {text.explanation}
      </Text>
      {finished && models ? (
        <Workbench runs={finished} models={models} />
      ) : (
        <Pending error={error} onRetry={retry}>
          <Skeleton height={36} maw={420} />
          <Skeleton height={220} />
        </Pending>
      )}
    </Screen>
  )
}

function Workbench({
  runs,
  models,
}: {
  readonly runs: readonly RunSummary[]
  readonly models: readonly LibraryModel[]
}) {
  const chosen = useBenchmark((state) => state.source)
  const { finished, error } = useBenchmark()
  const source = chosen ?? firstSource(runs, models)
  const place = source && placeOf(source, runs, models)
  return (
    <>
      <SourcePicker
        source={source}
        finished={runs}
        models={models}
        onChoose={(picked) => useBenchmark.setState({ source: picked })}
      />
      {source && place ? (
        <MeasureForm source={source} {...place} />
      ) : (
        <Alert color="yellow" role="alert" title={text.unknownSource} />
      )}
      {error !== null && <ErrorNotice error={error} />}
      {finished && <Results {...finished} />}
    </>
  )
}

/** The newest run, or else the first model. */
function firstSource(runs: readonly RunSummary[], models: readonly LibraryModel[]): ConsoleSource | null {
  const newest = runs.toSorted((a, b) => b.created.localeCompare(a.created))[0]
  if (newest) return { kind: 'run', id: newest.id }
  const model = models.find(({ usable }) => usable)
  return model?.usable ? { kind: 'model', reference: model.card.reference } : null
}

/** What is known of a source; null: it is gone. */
function placeOf(
  source: ConsoleSource,
  runs: readonly RunSummary[],
  models: readonly LibraryModel[],
): { readonly name: string; readonly contextLength: number } | null {
  const run = source.kind === 'run' ? runs.find(({ id }) => id === source.id) : undefined
  if (source.kind === 'run' && !run) return null
  const reference = source.kind === 'run' ? run!.base.reference : source.reference
  const model = models.find((each) => each.usable && each.card.reference === reference)
  if (source.kind === 'run')
    return { name: source.id, contextLength: model?.usable ? model.card.contextLength : Infinity }
  return model?.usable ? { name: model.card.name, contextLength: model.card.contextLength } : null
}
