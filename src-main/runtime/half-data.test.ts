import { afterAll, beforeAll, expect, it, vi } from 'vitest'

// What newer engines have. onnxruntime looks for it when it makes its first tensor.
beforeAll(() => vi.stubGlobal('Float16Array', class Float16Array extends Int16Array {}))
afterAll(() => vi.unstubAllGlobals())

it('is the same bits where float16 tensors hold a Float16Array', async () => {
  const { cast, input } = await import('../graph/index.ts')
  const { createSession, floatTensor, halfData } = await import('./session.ts')
  const session = await createSession({ half: cast(input('x', [4]), 'float16') })
  const { half } = await session.run({ x: floatTensor(Float32Array.of(1, -2, 0.5, 65504), [4]) })
  expect(half!.data).not.toBeInstanceOf(Uint16Array)
  // IEEE 754: sign, five bits of exponent with a bias of 15, ten bits of fraction.
  expect([...halfData(half)]).toEqual([0x3c00, 0xc000, 0x3800, 0x7bff])
  await session.release()
})
