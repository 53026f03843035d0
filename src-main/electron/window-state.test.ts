import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { fitToDisplays, loadWindowState, saveWindowState, type WindowState } from './window-state.ts'

const laptop = { x: 0, y: 25, width: 1440, height: 875 }
const screenOnTheLeft = { x: -1920, y: 0, width: 1920, height: 1080 }

const at = (x: number, y: number): WindowState => ({
  place: { x, y },
  size: { width: 1280, height: 820 },
  isMaximized: false,
})

test('a window stays where it was on a display that is still there', () => {
  expect(fitToDisplays(at(-1800, 100), [laptop, screenOnTheLeft])).toEqual(at(-1800, 100))
  expect(fitToDisplays(at(60, 25), [laptop])).toEqual(at(60, 25))
})

test.each([
  ['on a display that is gone', at(-1800, 100)],
  ['with its title bar above the screen', at(60, -200)],
  ['with its title bar below the screen', at(60, 890)],
  ['with too little in sight on the right', at(1400, 100)],
  ['with too little in sight on the left', at(-1250, 100)],
])('a window %s is placed again', (_, state) => {
  expect(fitToDisplays(state, [laptop])).toEqual({ ...state, place: null })
})

test('a window that was larger than the display shrinks', () => {
  const { size } = fitToDisplays({ ...at(0, 25), size: { width: 3000, height: 2000 } }, [laptop])
  expect(size).toEqual({ width: 1440, height: 875 })
})

test('what was saved comes back', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'spellm-window-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const path = join(folder, 'window-state.json')
  const first = await loadWindowState(path)
  expect(first).toMatchObject({ place: null, isMaximized: false })
  await saveWindowState(path, { ...at(5, 6), isMaximized: true })
  expect(await loadWindowState(path)).toEqual({ ...at(5, 6), isMaximized: true })
  for (const useless of ['', '{}', '{"place":null,"size":{"width":1e9,"height":1},"isMaximized":false}']) {
    await writeFile(path, useless)
    expect(await loadWindowState(path)).toEqual(first)
  }
})
