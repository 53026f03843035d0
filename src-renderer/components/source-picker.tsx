import { Select } from '@mantine/core'
import type { ConsoleSource, LibraryModel, RunSummary } from '../../src-main/contract/index.ts'
import { strings } from '../strings/index.ts'

const text = strings.console

const keyOf = (source: ConsoleSource) =>
  source.kind === 'run' ? `run:${source.id}` : `model:${source.reference}`

/** Which model is worked with: a finished run's SpeLLM and its base, or a base model alone. */
export function SourcePicker({
  source,
  finished,
  models,
  onChoose,
}: {
  readonly source: ConsoleSource | null
  readonly finished: readonly RunSummary[]
  readonly models: readonly LibraryModel[]
  readonly onChoose: (source: ConsoleSource) => void
}) {
  const runs = finished.map(({ id, base }) => {
    const runSource: ConsoleSource = { kind: 'run', id }
    return { source: runSource, value: keyOf(runSource), label: text.runOption(id, base.name) }
  })
  const bases = models.flatMap((model) => {
    if (!model.usable) return []
    const { reference, name } = model.card
    const modelSource: ConsoleSource = { kind: 'model', reference }
    return [{ source: modelSource, value: keyOf(modelSource), label: name }]
  })
  const options = [...runs, ...bases]
  const choose = (key: string | null) => {
    const chosen = options.find(({ value }) => value === key)?.source
    if (chosen) onChoose(chosen)
  }
  return (
    <Select
      label={text.source}
      maw={480}
      searchable
      allowDeselect={false}
      data={[
        { group: text.runs, items: runs.map(({ value, label }) => ({ value, label })) },
        { group: text.models, items: bases.map(({ value, label }) => ({ value, label })) },
      ].filter(({ items }) => items.length > 0)}
      value={source && keyOf(source)}
      onChange={choose}
    />
  )
}
