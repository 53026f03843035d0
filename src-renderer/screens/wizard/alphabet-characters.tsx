import { Anchor, Collapse, Group, Stack, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useId } from 'react'
import type { SpellingPreview } from '../../../src-main/contract/index.ts'
import { visibleText } from '../../components/tokens/visible-text.ts'
import { strings } from '../../strings/index.ts'

const words = strings.wizard.spelling

/** The size of the alphabet, and its characters on demand. */
export function AlphabetCharacters({
  preview: { alphabetSize, characters, groups, tokenSymbols },
}: {
  readonly preview: SpellingPreview
}) {
  const [isOpen, { toggle }] = useDisclosure(false)
  const listId = useId()
  if (groups > 0) return <Text size="sm">{words.groups(groups)}</Text>
  return (
    <Stack gap="xs">
      <Group gap="sm">
        <Text size="sm">{words.alphabetSize(alphabetSize, tokenSymbols > 0)}</Text>
        <Anchor component="button" size="sm" aria-expanded={isOpen} aria-controls={listId} onClick={toggle}>
          {isOpen ? words.hideCharacters : words.showCharacters}
        </Anchor>
      </Group>
      <Collapse expanded={isOpen} id={listId} keepMounted={false}>
        <Text size="xs" c="dimmed" mb={4}>
          {words.charactersShown(characters.length)}
        </Text>
        <ul className="alphabet-characters" aria-label={words.alphabetCharacters}>
          {characters.map((character) => (
            <li key={character}>
              <bdi>{visibleText(character)}</bdi>
            </li>
          ))}
        </ul>
      </Collapse>
    </Stack>
  )
}
