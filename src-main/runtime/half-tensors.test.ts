import { afterAll, beforeAll, expect, it, vi } from 'vitest'

// What newer engines have. onnxruntime looks for it when it makes its first tensor.
beforeAll(() => vi.stubGlobal('Float16Array', class Float16Array extends Int16Array {}))
afterAll(() => vi.unstubAllGlobals())

it('are fed and read as the same bits where JavaScript has Float16Array', async () => {
  const { add, cast, input } = await import('../graph/index.ts')
  const { createSession, halfData, halfTensor } = await import('./session.ts')
  const sum = add(cast(input('x', [4], 'float16'), 'float32'), 1)
  const session = await createSession({ sum: cast(sum, 'float16') })
  // IEEE 754: sign, five bits of exponent with a bias of 15, ten bits of fraction. 1, −2, 0.5, 65,504:
  const { sum: half } = await session.run({
    x: halfTensor(Uint16Array.of(0x3c00, 0xc000, 0x3800, 0x7bff), [4]),
  })
  expect(half!.data).not.toBeInstanceOf(Uint16Array)
  expect([...halfData(half)]).toEqual([0x4000, 0xbc00, 0x3e00, 0x7bff])
  await session.release()
})
