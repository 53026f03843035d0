import { ActionIcon, CopyButton, Group, Text, Tooltip } from '@mantine/core'
import { IconCheck, IconCopy, IconFolderOpen } from '@tabler/icons-react'
import { memo } from 'react'
import type { ConversionSettingsView, RunSummary } from '../../../src-main/contract/index.ts'
import { FactList, type Fact } from '../../components/facts.tsx'
import { Panel } from '../../components/panel.tsx'
import { formatCount, formatList } from '../../strings/format.ts'
import { strings } from '../../strings/index.ts'

const text = strings.training

/** What was decided about a run, and where it is. */
export const SettingsPanel = memo(function SettingsPanel({ run }: { readonly run: RunSummary }) {
  return (
    <Panel title={text.settings}>
      <FactList
        facts={[
          { name: text.settingBase, value: run.base.name },
          ...(run.settings ? describeSettings(run.settings, run) : []),
          { name: text.settingFolder, value: <Folder folder={run.folder} />, isWide: true },
        ]}
      />
    </Panel>
  )
}, isSameInSettings)

/** Settings never change, and what else is shown comes with the end of the run. */
function isSameInSettings(
  before: { readonly run: RunSummary },
  after: { readonly run: RunSummary },
): boolean {
  return before.run.id === after.run.id && before.run.status === after.run.status
}

function describeSettings(settings: ConversionSettingsView, { result }: RunSummary): Fact[] {
  const {
    texts,
    questions,
    tokens,
    k,
    alphabet,
    adapterWidths,
    epochs,
    batchTokens,
    peakLearningRates,
    seed,
  } = settings
  return [
    {
      name: text.settingTexts,
      value:
        texts.length > 0
          ? formatList(texts)
          : questions.length > 0
            ? text.answersTo(formatList(questions))
            : settings.base === 'sample'
              ? text.sampleStories
              : text.selfWritten,
    },
    { name: text.settingTokens, value: text.settingTokensValue(tokens) },
    { name: text.settingUnits, value: strings.wizard.spelling.unitNames[settings.units] },
    { name: text.settingK, value: formatCount(k) },
    {
      name: text.settingAlphabet,
      value: result ? text.settingAlphabetSize(alphabet, result.alphabetSize) : alphabet,
    },
    ...describeSymbols(settings),
    {
      name: text.settingAdapter,
      value:
        adapterWidths === undefined
          ? text.adapterDefault
          : adapterWidths.length === 0
            ? text.adapterNone
            : formatList(adapterWidths.map(formatCount)),
    },
    { name: text.settingEpochs, value: formatCount(epochs) },
    { name: text.settingBatch, value: text.settingTokensValue(batchTokens) },
    {
      name: text.settingRates,
      value: text.settingRatesValue(peakLearningRates.adapter, peakLearningRates.heads),
    },
    { name: text.settingSeed, value: String(seed) },
    { name: text.settingMode, value: settings.mode },
    {
      name: text.settingPrecision,
      value: strings.wizard.training.precisions[settings.precision],
    },
    {
      name: text.settingSampling,
      value: settings.samplingTail ? text.samplingLearnt : text.samplingNone,
    },
    { name: text.device, value: strings.devices.shortNames[settings.device] },
    { name: text.settingCache, value: cacheFate(settings) },
  ]
}

function cacheFate({ keepCache, units, tokenSymbols }: ConversionSettingsView): string {
  if (keepCache) return text.cacheKept
  return units === 'word' || tokenSymbols === 0 ? text.cacheDeleted : text.cacheText
}

function describeSymbols({ units, tokenSymbols, contextSymbols, objective }: ConversionSettingsView): Fact[] {
  if (units === 'word' || tokenSymbols === 0)
    return [{ name: text.settingSymbols, value: text.settingSymbolsNone }]
  return [
    {
      name: text.settingSymbols,
      value: tokenSymbols === 'auto' ? text.settingSymbolsAutomatic : formatCount(tokenSymbols),
    },
    { name: text.settingContext, value: text.settingContextValue(contextSymbols) },
    { name: text.settingObjective, value: text.objectives[objective] },
  ]
}

function Folder({ folder }: { readonly folder: string }) {
  const host = window.studioHost
  return (
    <Group gap={4} wrap="nowrap" component="span" align="start">
      <Text span size="sm">
        {folder}
      </Text>
      <CopyButton value={folder}>
        {({ copied, copy }) => (
          <Tooltip label={copied ? text.copied : text.copyFolder}>
            <ActionIcon variant="subtle" color="gray" size={24} aria-label={text.copyFolder} onClick={copy}>
              {copied ? <IconCheck size={15} aria-hidden /> : <IconCopy size={15} aria-hidden />}
            </ActionIcon>
          </Tooltip>
        )}
      </CopyButton>
      {host && (
        <Tooltip label={text.showFolder}>
          <ActionIcon
            variant="subtle"
            color="gray"
            size={24}
            aria-label={text.showFolder}
            onClick={() => void host.reveal(folder)}
          >
            <IconFolderOpen size={15} aria-hidden />
          </ActionIcon>
        </Tooltip>
      )}
    </Group>
  )
}
