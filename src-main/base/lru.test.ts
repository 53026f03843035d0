import { expect, it } from 'vitest'
import { createLru } from './lru.ts'

it('keeps the results that were asked for last, and loads each once', async () => {
  const recent = createLru<string>(2)
  const loads: string[] = []
  const get = (key: string) =>
    recent.get(key, () => {
      loads.push(key)
      return Promise.resolve(key.toUpperCase())
    })
  expect(await Promise.all([get('a'), get('a'), get('b')])).toEqual(['A', 'A', 'B'])
  expect(loads).toEqual(['a', 'b'])
  await get('a')
  await get('c')
  await get('a')
  expect(loads).toEqual(['a', 'b', 'c'])
  await get('b')
  expect(loads).toEqual(['a', 'b', 'c', 'b'])
})

it('forgets a load that failed', async () => {
  const recent = createLru<string>(2)
  await expect(recent.get('a', () => Promise.reject(new Error('no disk')))).rejects.toThrow('no disk')
  expect(await recent.get('a', () => Promise.resolve('A'))).toBe('A')
})
