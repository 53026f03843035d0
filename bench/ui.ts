/**
 * The page while a run streams points: how soon it answers to a person, and what it takes. An engine that computes
 * nothing stands behind the real browser host; a person does something once a second in Chromium.
 *
 *     npm run bench:ui -- [--minutes 10] [--points 40000] [--rate 100] [--json]
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { chromium, type Page } from '@playwright/test'
import { chromiumOptions } from '../e2e/host/chromium.ts'
import { walkThroughChart } from '../e2e/screens/chart-walk.ts'
import { startStudioServer } from '../src-main/web/server.ts'
import { strings } from '../src-renderer/strings/index.ts'
import { measureMemory, type PageMemory } from './ui/page-memory.ts'
import {
  observePage,
  readObservation,
  shortestToldMilliseconds,
  type Observation,
} from './ui/page-observation.ts'
import { closeLooks, visitsElsewhere, type Deed } from './ui/person.ts'
import { syntheticEngine } from './ui/synthetic-engine.ts'
import { startSyntheticRun, type SyntheticRun } from './ui/synthetic-run.ts'

const { values: flags } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    points: { type: 'string', default: '40000' },
    rate: { type: 'string', default: '100' },
    json: { type: 'boolean', default: false },
  },
})
const minutes = Number(flags.minutes)
const history = Number(flags.points)
const rate = Number(flags.rate)
const deedMilliseconds = 1_000

interface Report {
  readonly minutes: number
  /**
   * Points at the start, and those that came then; of the last ones of these, whether the page has each, and how
   * many it lacks.
   */
  readonly points: Record<'before' | 'streamed' | 'checked' | 'dropped', number>
  /** Milliseconds from a key or click to the next frame. */
  readonly interaction: Percentiles & { readonly count: number }
  readonly longTasks: { readonly count: number; readonly longest: number }
  readonly memory: Record<'start' | 'middle' | 'end', PageMemory>
}

interface Percentiles {
  readonly p50: number
  readonly p95: number
  readonly max: number
}

async function measure(): Promise<Report> {
  const run = startSyntheticRun(history, rate)
  const server = await startStudioServer({
    rendererFolder: join(import.meta.dirname, '../dist/renderer'),
    address: '127.0.0.1',
    port: 0,
    engine: syntheticEngine(run),
  })
  const browser = await chromium.launch(chromiumOptions)
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
    await page.addInitScript(observePage)
    await page.goto(server.urls[0]!)
    await page.getByRole('link', { name: run.id }).click()
    await page.getByRole('slider').first().waitFor()
    const start = await measureMemory(browser, page)
    const deeds = [...closeLooks, ...visitsElsewhere(run.id)]
    await doByTurns(deeds, page, minutes / 2)
    const middle = await measureMemory(browser, page)
    await doByTurns(deeds, page, minutes / 2)
    // The curves of a screen that is opened again come from the history: what is streamed shows with time.
    const firstStreamed = run.step + 1
    await doByTurns(closeLooks, page, minutes / 10)
    const end = await measureMemory(browser, page)
    const observation = await page.evaluate(readObservation)
    run.stop()
    return {
      minutes,
      points: {
        before: history,
        streamed: run.step - history,
        checked: run.step - firstStreamed + 1,
        dropped: await countDropped(page, run, firstStreamed),
      },
      interaction: interactionTimes(observation),
      longTasks: { count: observation.longTasks.length, longest: Math.max(0, ...observation.longTasks) },
      memory: { start, middle, end },
    }
  } finally {
    run.stop()
    await browser.close()
    await server.close()
  }
}

/** Does one thing each second, and whole rounds of them. */
async function doByTurns(deeds: readonly Deed[], page: Page, forMinutes: number): Promise<void> {
  const end = performance.now() + forMinutes * 60_000
  let next = performance.now()
  while (performance.now() < end)
    for (const deed of deeds) {
      await deed(page)
      next += deedMilliseconds
      await page.waitForTimeout(Math.max(0, next - performance.now()))
    }
}

/** Steps from `first` on that the page does not have when the stream has ended. */
async function countDropped(page: Page, run: SyntheticRun, first: number): Promise<number> {
  const chart = page.getByRole('slider', {
    name: strings.chart.position(strings.training.loss),
    exact: true,
  })
  const settled = await page
    .waitForFunction(
      ([element, last]) => Number(element.getAttribute('aria-valuemax')) === last,
      [await chart.elementHandle(), run.step] as const,
      { timeout: 10_000 },
    )
    .catch(() => null)
  const lost = settled ? 0 : run.step - Number(await chart.getAttribute('aria-valuemax'))
  const walked = await walkThroughChart(page, strings.training.loss, first)
  const there = new Set(walked.filter((step) => step >= first))
  return lost + walked.at(-1)! - first + 1 - there.size
}

function interactionTimes({ interactions, slowInteractions }: Observation): Report['interaction'] {
  const count = interactions ?? slowInteractions.length
  const quick = Array<number>(Math.max(0, count - slowInteractions.length)).fill(shortestToldMilliseconds)
  const sorted = [...quick, ...slowInteractions].sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
  return { count, p50: at(0.5), p95: at(0.95), max: at(1) }
}

function describe({ points, interaction, longTasks, memory }: Report): string {
  const megabytes = (bytes: number | null) => (bytes === null ? '–' : (bytes / 1e6).toFixed(0))
  return [
    `${points.before} points, then ${points.streamed} more in ${minutes} minutes; of the last ${points.checked}, dropped: ${points.dropped}`,
    `interaction   p50 ${interaction.p50} ms, p95 ${interaction.p95} ms, max ${interaction.max} ms (${interaction.count} clicks and keys; what takes less than ${shortestToldMilliseconds} ms counts as that)`,
    `long tasks    ${longTasks.count} over 50 ms, the longest ${longTasks.longest} ms`,
    ...Object.entries(memory).map(
      ([moment, { heap, process }]) =>
        `${moment.padEnd(13)} heap ${megabytes(heap)} MB, process ${megabytes(process)} MB`,
    ),
  ].join('\n')
}

const report = await measure()
console.log(flags.json ? JSON.stringify(report) : describe(report))
