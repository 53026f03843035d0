import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** An NVIDIA card as its driver describes it. Memory in bytes. */
export interface GraphicsCard {
  readonly name: string
  readonly driver: string
  readonly totalBytes: number
  readonly freeBytes: number
}

const fields = ['name', 'driver_version', 'memory.total', 'memory.free']

/** The first NVIDIA card, which CUDA computes on; null where there is none or `nvidia-smi` is missing. */
export async function nvidiaCard(): Promise<GraphicsCard | null> {
  try {
    const { stdout } = await promisify(execFile)(
      'nvidia-smi',
      ['--id=0', `--query-gpu=${fields.join()}`, '--format=csv,noheader,nounits'],
      { timeout: 10_000, windowsHide: true },
    )
    return parseCard(stdout)
  } catch {
    return null
  }
}

/** `NVIDIA T4, 535.1, 15360, 15000`, memory in MiB. Null for anything else. */
export function parseCard(line: string): GraphicsCard | null {
  const [name, driver, total, free] = line
    .trim()
    .split('\n')[0]!
    .split(',')
    .map((field) => field.trim())
  const [totalBytes, freeBytes] = [Number(total) * 2 ** 20, Number(free) * 2 ** 20]
  if (!name || !driver || !(totalBytes > 0) || !(freeBytes >= 0)) return null
  return { name, driver, totalBytes, freeBytes }
}
