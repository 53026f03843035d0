/**
 * Draws icon.svg in the sizes and formats of the systems: PNGs for Linux, an .ico for Windows, an .icns for
 * macOS. To be run after a change of icon.svg, with a Chromium that Playwright finds or CHROMIUM names:
 *
 *     npx tsx resources/icons/draw-icons.ts
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { chromium } from '@playwright/test'

const folder = import.meta.dirname
const linuxSizes = [16, 24, 32, 48, 64, 128, 256, 512]
const windowsSizes = [16, 24, 32, 48, 64, 128, 256]
/** The type of each picture in an .icns, and its side in pixels. */
const macPictures = [
  ['icp4', 16],
  ['icp5', 32],
  ['ic07', 128],
  ['ic08', 256],
  ['ic09', 512],
  ['ic10', 1024],
  ['ic11', 32],
  ['ic12', 64],
  ['ic13', 256],
  ['ic14', 512],
] as const

const executablePath = process.env['CHROMIUM']
const browser = await chromium.launch(executablePath === undefined ? {} : { executablePath })
const page = await browser.newPage()
const svg = await readFile(join(folder, 'icon.svg'), 'utf8')
const pictures = new Map<number, Buffer>()
for (const size of new Set([...linuxSizes, ...windowsSizes, ...macPictures.map(([, side]) => side)])) {
  await page.setViewportSize({ width: size, height: size })
  await page.setContent(`<style>body { margin: 0 } svg { display: block; width: 100vw }</style>${svg}`)
  pictures.set(size, await page.screenshot({ omitBackground: true }))
}
await browser.close()
const picture = (size: number) => pictures.get(size)!

await mkdir(join(folder, 'linux'), { recursive: true })
for (const size of linuxSizes) await writeFile(join(folder, 'linux', `${size}x${size}.png`), picture(size))
await writeFile(join(folder, 'icon.ico'), icoFile(windowsSizes))
await writeFile(join(folder, 'icon.icns'), icnsFile())

/** A header, an entry for each picture, the pictures; little-endian. A side of 256 is written as 0. */
function icoFile(sizes: readonly number[]): Buffer {
  const header = Buffer.alloc(6)
  header.writeUInt16LE(1, 2)
  header.writeUInt16LE(sizes.length, 4)
  let offset = header.length + 16 * sizes.length
  const entries = sizes.map((size) => {
    const entry = Buffer.alloc(16)
    entry.writeUInt8(size % 256, 0)
    entry.writeUInt8(size % 256, 1)
    entry.writeUInt16LE(1, 4)
    entry.writeUInt16LE(32, 6)
    entry.writeUInt32LE(picture(size).length, 8)
    entry.writeUInt32LE(offset, 12)
    offset += picture(size).length
    return entry
  })
  return Buffer.concat([header, ...entries, ...sizes.map(picture)])
}

/** Blocks of a type, their length with this head, and a picture; big-endian. */
function icnsFile(): Buffer {
  const block = (type: string, content: Buffer) => {
    const head = Buffer.alloc(8)
    head.write(type, 'latin1')
    head.writeUInt32BE(head.length + content.length, 4)
    return Buffer.concat([head, content])
  }
  return block('icns', Buffer.concat(macPictures.map(([type, side]) => block(type, picture(side)))))
}
