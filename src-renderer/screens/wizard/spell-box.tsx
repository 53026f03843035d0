import { Skeleton, Stack, Text, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, skipToken, useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { ErrorNotice } from '../../components/error-notice.tsx'
import { visibleText } from '../../components/tokens/visible-text.ts'
import { queries } from '../../connection/engine.ts'
import { strings } from '../../strings/index.ts'
import { SpellingStatusLabel } from './spelling-status.tsx'
import { Symbols } from './symbols.tsx'
import { useSpellingChoice } from './use-spelling-preview.ts'

const words = strings.wizard.spelling
const settleMilliseconds = 250
const maxLength = 500

/** Shows how any text would be spelled, token by token. */
export function SpellBox() {
  const [text, setText] = useState(words.tryExample)
  const choice = useSpellingChoice()
  const input = useMemo(() => (choice && text !== '' ? { ...choice, text } : null), [choice, text])
  const [settled] = useDebouncedValue(input, settleMilliseconds)
  const { data, error, refetch } = useQuery(
    queries.spelling.spell.queryOptions({
      input: settled ?? skipToken,
      placeholderData: keepPreviousData,
      staleTime: Infinity,
    }),
  )
  return (
    <Stack gap="sm">
      <TextInput
        label={words.tryLabel}
        placeholder={words.tryPlaceholder}
        value={text}
        onChange={({ currentTarget }) => setText(currentTarget.value)}
        maxLength={maxLength}
        maw={560}
        spellCheck={false}
        autoComplete="off"
      />
      {text === '' ? (
        <Text size="sm" c="dimmed">
          {words.tryEmpty}
        </Text>
      ) : error ? (
        <ErrorNotice error={error} onRetry={() => void refetch()} />
      ) : data ? (
        <ul className="spelled-tokens" aria-live="polite" aria-label={words.spelledTokens}>
          {data.map(({ text: tokenText, symbols, status }, index) => (
            <li key={index}>
              <bdi className="spelled-token">{visibleText(tokenText)}</bdi>
              {symbols.length > 0 && <Symbols symbols={symbols} />}
              <SpellingStatusLabel status={status} />
            </li>
          ))}
        </ul>
      ) : (
        <Skeleton height={72} />
      )}
    </Stack>
  )
}
