import { Alert, Button, EmptyState, Skeleton } from '@mantine/core'
import { IconTerminal2 } from '@tabler/icons-react'
import { useEffect, useMemo } from 'react'
import type { ConsoleSource, LibraryModel, RunSummary } from '../../../src-main/contract/index.ts'
import { Pending } from '../../components/pending.tsx'
import { Screen } from '../../components/screen.tsx'
import { SourcePicker } from '../../components/source-picker.tsx'
import { goTo, paths } from '../../navigation.ts'
import { useSources } from '../../runs/use-sources.ts'
import { strings } from '../../strings/index.ts'
import { chooseModel, sameSource, useConsole } from './console-store.ts'
import { stopGeneration } from './generation.ts'
import { Outputs } from './outputs.tsx'
import { PromptForm } from './prompt-form.tsx'
import { SavedPrompts } from './saved-prompts.tsx'

const text = strings.console

/** A SpeLLM next to its base model, to try prompts on and to look into each token. */
export function ConsoleScreen({ runId }: { readonly runId?: string }) {
  const { finished, models, error, retry } = useSources()
  const modelReference = useConsole((state) => state.modelReference)
  if (!finished || !models)
    return (
      <Screen title={text.title}>
        <Pending error={error} onRetry={retry}>
          <Skeleton height={36} maw={420} />
          <Skeleton height={200} />
          <Skeleton height={280} />
        </Pending>
      </Screen>
    )
  if (finished.length === 0 && runId === undefined && modelReference === null)
    return <NothingToTest models={models} />
  return <Workbench runId={runId ?? null} finished={finished} models={models} />
}

function NothingToTest({ models }: { readonly models: readonly LibraryModel[] }) {
  const model = models.find(({ usable }) => usable)
  return (
    <Screen title={text.title}>
      <EmptyState
        icon={<IconTerminal2 />}
        title={text.emptyTitle}
        description={text.emptyText}
        withIndicatorBackground
        py="xl"
      >
        <EmptyState.Actions>
          <Button onClick={() => goTo(paths.newConversion)}>{text.newConversion}</Button>
          {model?.usable && (
            <Button variant="default" onClick={() => chooseModel(model.card.reference)}>
              {text.tryBaseModel}
            </Button>
          )}
        </EmptyState.Actions>
      </EmptyState>
    </Screen>
  )
}

function Workbench({
  runId,
  finished,
  models,
}: {
  readonly runId: string | null
  readonly finished: readonly RunSummary[]
  readonly models: readonly LibraryModel[]
}) {
  const modelReference = useConsole((state) => state.modelReference)
  const source = useMemo(
    () => chosenSource(runId, modelReference, finished),
    [runId, modelReference, finished],
  )
  useEffect(() => {
    const { session } = useConsole.getState()
    if (source && session && !sameSource(session.source, source)) {
      stopGeneration()
      useConsole.setState({ session: null, selected: null })
    }
  }, [source])
  return (
    <Screen title={text.title} actions={<SavedPrompts />}>
      <SourcePicker source={source} finished={finished} models={models} onChoose={choose} />
      {source ? (
        <>
          <PromptForm
            source={source}
            ownMode={
              finished.find((run) => source.kind === 'run' && run.id === source.id)?.settings?.mode ?? 'trie'
            }
          />
          <Outputs />
        </>
      ) : (
        <Alert color="yellow" role="alert" title={text.unknownRun(runId ?? '')}>
          {text.unknownRunRemedy}
        </Alert>
      )}
    </Screen>
  )
}

function choose(source: ConsoleSource): void {
  chooseModel(source.kind === 'model' ? source.reference : null)
  goTo(source.kind === 'run' ? paths.console(source.id) : paths.console())
}

/** The run that the address names, else the chosen base model, else the newest run; null for an unknown run. */
function chosenSource(
  runId: string | null,
  modelReference: string | null,
  finished: readonly RunSummary[],
): ConsoleSource | null {
  if (runId !== null) return finished.some(({ id }) => id === runId) ? { kind: 'run', id: runId } : null
  if (modelReference !== null) return { kind: 'model', reference: modelReference }
  const [newest] = [...finished].sort((a, b) => b.created.localeCompare(a.created))
  return newest ? { kind: 'run', id: newest.id } : null
}
