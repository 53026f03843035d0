import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What @electron/fuses looks for in the binary: a mark, the version, the length, and a byte for each fuse. */
const fuseMark = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'
const fuses = 8

/**
 * Writes a folder that electron-builder takes for Electron's distribution for Linux or Windows: nothing in it
 * runs, but it has what packing touches, the fuses included, all of them on ('1').
 */
export async function writeStandIn(folder: string, executable: 'electron' | 'electron.exe'): Promise<void> {
  await mkdir(join(folder, 'resources'), { recursive: true })
  const binary = Buffer.concat([
    Buffer.from(fuseMark),
    Buffer.from([1, fuses]),
    Buffer.from('1'.repeat(fuses)),
  ])
  await writeFile(join(folder, executable), binary, { mode: 0o755 })
}
