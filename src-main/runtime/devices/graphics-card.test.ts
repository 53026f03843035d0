import { expect, it } from 'vitest'
import { parseCard } from './graphics-card.ts'

it('reads what nvidia-smi prints', () => {
  expect(parseCard('Tesla T4, 535.104.05, 15360, 14923\n')).toEqual({
    name: 'Tesla T4',
    driver: '535.104.05',
    totalBytes: 15_360 * 2 ** 20,
    freeBytes: 14_923 * 2 ** 20,
  })
})

it('takes nothing else for a card', () => {
  for (const text of ['', 'No devices were found', 'GB10, 580.95, [N/A], [N/A]', 'a, b'])
    expect(parseCard(text)).toBeNull()
})
