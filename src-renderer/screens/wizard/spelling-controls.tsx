import { Group, Input, NumberInput, Radio, SimpleGrid, Slider, Stack, Textarea } from '@mantine/core'
import { unitKinds, unitKindSchema, type SpellingPreview } from '../../../src-main/contract/index.ts'
import { strings } from '../../strings/index.ts'
import {
  alphabetSpecification,
  countCharacters,
  maxAutomaticLimit,
  parseAlphabetSpecification,
  type AlphabetChoice,
  type AlphabetKind,
} from './alphabet-choice.ts'
import { alphabetOf, checkDraft, hasGroups, hasSymbols, lengthOf } from './draft.ts'
import { changeDraft, useDraft } from './wizard-store.ts'

const words = strings.wizard.spelling

/** Longer spellings are possible, but few tokens need them: the slider is finer without. */
const usualMaxK = 32
const maxK = 64

/** The choice between tokens and words. */
export function UnitControl() {
  const units = useDraft((draft) => draft.units)
  return (
    <Radio.Group
      label={words.units}
      value={units}
      onChange={(value) => changeDraft({ units: unitKindSchema.parse(value) })}
    >
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="xs" mt={6}>
        {unitKinds.map((kind) => (
          <Radio
            key={kind}
            value={kind}
            label={words.unitNames[kind]}
            description={words.unitDescriptions[kind]}
          />
        ))}
      </SimpleGrid>
    </Radio.Group>
  )
}

const symbolChoices = ['symbols', 'characters'] as const

/** The choice whether frequent whole tokens are symbols of their own. Words are spelled without. */
export function SymbolControl() {
  const isPossible = useDraft(({ units }) => units === 'token')
  const choice = useDraft((draft) => (hasSymbols(draft) ? 'symbols' : 'characters'))
  return (
    <Radio.Group
      label={words.symbols}
      value={choice}
      onChange={(value) => changeDraft({ usesSymbols: value === 'symbols' })}
    >
      <Stack gap="xs" mt={6}>
        {symbolChoices.map((name) => (
          <Radio
            key={name}
            value={name}
            label={words.symbolNames[name]}
            description={isPossible ? words.symbolDescriptions[name] : words.symbolWords[name]}
            disabled={!isPossible && name === 'symbols'}
          />
        ))}
      </Stack>
    </Radio.Group>
  )
}

/** The choice of k, where anything is spelled. */
export function LengthControl() {
  const k = useDraft(lengthOf)
  const isSpelled = useDraft((draft) => !hasGroups(draft))
  if (!isSpelled) return null
  return (
    <Input.Wrapper label={words.k} description={words.kDescription} labelElement="div">
      <Group gap="md" wrap="nowrap" mt={6}>
        <Slider
          flex={1}
          min={1}
          max={k > usualMaxK ? maxK : usualMaxK}
          value={k}
          onChange={(value) => changeDraft({ k: value })}
          label={words.kValue}
          thumbLabel={words.k}
          thumbValueText={words.kValue}
          marks={[4, 8, 12, 16, 24, 32].map((value) => ({ value, label: value }))}
          mb="md"
        />
        <NumberInput
          aria-label={words.kInput}
          w={76}
          min={1}
          max={maxK}
          allowDecimal={false}
          clampBehavior="strict"
          value={k}
          onChange={(value) => typeof value === 'number' && changeDraft({ k: value })}
        />
      </Group>
    </Input.Wrapper>
  )
}

/** Maximum length of a custom alphabet with its prefix, within what the contract takes. */
const maxCustomLength = 90_000

const kinds: readonly AlphabetKind[] = ['auto', 'ascii', 'latin1', 'bytes', 'pieces', 'custom', 'groups']

/**
 * The choice of the alphabet.
 *
 * @param preview where one's own list of characters may start
 */
export function AlphabetControl({ preview }: { readonly preview: SpellingPreview | undefined }) {
  const draft = useDraft()
  const choice = parseAlphabetSpecification(alphabetOf(draft))
  const problem = checkDraft(draft, 'cpu').problems.alphabet
  const choose = (next: AlphabetChoice) => changeDraft({ alphabet: alphabetSpecification(next) })
  return (
    <Stack gap="sm">
      <Radio.Group
        label={words.alphabet}
        value={choice.kind}
        onChange={(kind) => choose(initialChoice(kind, preview))}
      >
        <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="xs" mt={6}>
          {kinds.map((kind) => (
            <Radio
              key={kind}
              value={kind}
              label={words.alphabets[kind]}
              {...(kind === 'groups' && !hasSymbols(draft)
                ? { description: words.groupsNeedSymbols, disabled: true }
                : { description: words.alphabetDescriptions[kind] })}
            />
          ))}
        </SimpleGrid>
      </Radio.Group>
      {choice.kind === 'auto' && (
        <NumberInput
          label={words.limit}
          placeholder={words.limitPlaceholder}
          w={180}
          min={1}
          max={maxAutomaticLimit}
          allowDecimal={false}
          thousandSeparator
          value={choice.limit ?? ''}
          onChange={(value) => choose({ kind: 'auto', limit: typeof value === 'number' ? value : null })}
          error={problem}
        />
      )}
      {choice.kind === 'custom' && <CustomCharacters characters={choice.characters} problem={problem} />}
    </Stack>
  )
}

function initialChoice(kind: AlphabetKind, preview: SpellingPreview | undefined): AlphabetChoice {
  if (kind === 'auto') return { kind, limit: null }
  if (kind === 'pieces') return { kind, count: null }
  return kind === 'custom' ? { kind, characters: shownCharacters(preview) } : { kind }
}

/** The alphabet of a preview as a list to edit. Bytes, pieces and names of special tokens aren't characters. */
function shownCharacters(preview: SpellingPreview | undefined): string {
  return preview?.characters.filter((symbol) => countCharacters(symbol) === 1).join('') ?? ''
}

function CustomCharacters({
  characters,
  problem,
}: {
  readonly characters: string
  readonly problem: string | undefined
}) {
  return (
    <Textarea
      label={words.characters}
      description={words.charactersDescription(countCharacters(characters))}
      value={characters}
      onChange={({ currentTarget }) =>
        changeDraft({
          alphabet: alphabetSpecification({ kind: 'custom', characters: currentTarget.value }),
        })
      }
      error={problem}
      autosize
      minRows={3}
      maxRows={8}
      maxLength={maxCustomLength}
      spellCheck={false}
      autoComplete="off"
      styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', overflowWrap: 'anywhere' } }}
    />
  )
}
