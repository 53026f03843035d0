import { input, matmul } from '../../graph/index.ts'
import { createSession, floatTensor, type Device } from '../../runtime/session.ts'
import type { Turn } from '../../runtime/turns.ts'

/** The size of layers in small models, at the number of rows that a teacher reads at once. */
const rows = 2_048
const width = 1_024
const attempts = 4

/**
 * Measures how fast a device multiplies matrices.
 *
 * @returns floating-point operations a second, of the fastest of a few products
 * @throws SpellmError 'device-unavailable'
 */
export async function measureMatrixRate(device: Device, turn: Turn): Promise<number> {
  const product = matmul(input('left', [rows, width]), input('right', [width, width]))
  const session = await createSession({ product }, { device })
  try {
    const filled = (length: number) => new Float32Array(length).fill(0.5)
    const feeds = {
      left: floatTensor(filled(rows * width), [rows, width]),
      right: floatTensor(filled(width * width), [width, width]),
    }
    let fastest = Infinity
    for (let i = 0; i < attempts; i++)
      await turn(async () => {
        const started = performance.now()
        await session.run(feeds)
        fastest = Math.min(fastest, performance.now() - started)
      })
    return (2 * rows * width * width * 1000) / fastest
  } finally {
    await session.release()
  }
}
