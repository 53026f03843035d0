import { expect, it } from 'vitest'
import * as models from '../models/precision.ts'
import { precisions } from './index.ts'

it('names the precisions that there are', () => {
  expect(precisions).toEqual(models.precisions)
})
