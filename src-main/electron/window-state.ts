import { z } from 'zod'
import { SpellmError } from '../base/errors.ts'
import { writeJsonAtomically } from '../base/atomic-file.ts'
import { readJsonFile } from '../formats/json-file.ts'

const lengthSchema = z.int().min(200).max(20_000)
const offsetSchema = z.int().min(-100_000).max(100_000)

/** Where the window was, in device-independent pixels. */
const windowStateSchema = z.object({
  /** null: where the system likes. */
  place: z.object({ x: offsetSchema, y: offsetSchema }).nullable(),
  size: z.object({ width: lengthSchema, height: lengthSchema }),
  isMaximized: z.boolean(),
})
export type WindowState = z.infer<typeof windowStateSchema>

/** A part of the desktop, in the same pixels. */
export interface Area {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

const firstState: WindowState = { place: null, size: { width: 1280, height: 820 }, isMaximized: false }
/** So much of the title bar must be in sight to grip it. */
const gripPixels = 100

/**
 * The state that was saved; the first one if there is none or it can't be read.
 *
 * @throws SpellmError 'permission-denied'
 */
export async function loadWindowState(path: string): Promise<WindowState> {
  try {
    return await readJsonFile(path, windowStateSchema, { maxBytes: 10_000 })
  } catch (error) {
    const isUseless =
      error instanceof SpellmError && (error.code === 'file-not-found' || error.code === 'file-invalid')
    if (isUseless) return firstState
    throw error
  }
}

/** @throws SpellmError for errors of the operating system */
export async function saveWindowState(path: string, state: WindowState): Promise<void> {
  await writeJsonAtomically(path, state)
}

/**
 * Makes a state fit the present displays: a window out of sight is placed again, one that is too large shrinks.
 *
 * @param workAreas the displays without task bars, the main one first
 */
export function fitToDisplays(state: WindowState, workAreas: readonly Area[]): WindowState {
  const { place, size } = state
  const area = place && workAreas.find((candidate) => canBeGripped({ ...place, ...size }, candidate))
  const { width, height } = area ?? workAreas[0]!
  return {
    ...state,
    place: area ? place : null,
    size: { width: Math.min(size.width, width), height: Math.min(size.height, height) },
  }
}

function canBeGripped(window: Area, area: Area): boolean {
  const width = Math.min(window.x + window.width, area.x + area.width) - Math.max(window.x, area.x)
  return width >= gripPixels && window.y >= area.y && window.y + gripPixels <= area.y + area.height
}
