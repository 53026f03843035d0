import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { parseArguments } from './arguments.ts'

const folder = resolve('/home/user')

test('the data folder and opened weights are taken relative to where the app was started', () => {
  const given = parseArguments(['--data', 'studio', 'models/tiny/model.safetensors'], folder)
  expect(given).toEqual({
    data: resolve(folder, 'studio'),
    weights: [resolve(folder, 'models/tiny/model.safetensors')],
  })
})

test("Chromium's switches and the app's folder in development are passed over", () => {
  const given = parseArguments(['.', '--no-first-run', '--lang=de', '-psn_0_1', '--data=x'], folder)
  expect(given).toEqual({ data: resolve(folder, 'x'), weights: [] })
})

test('a data option without a folder is none', () => {
  expect(parseArguments(['--data'], folder).data).toBeUndefined()
})
