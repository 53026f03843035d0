import cliProgress from 'cli-progress'
import colors from 'picocolors'
import { SpellmError } from '../base/errors.ts'

/** Prints an error for a person, or as one JSON object on standard output for a program. */
export function printError(error: unknown, asJson: boolean): void {
  if (error instanceof SpellmError) {
    if (asJson)
      console.log(
        JSON.stringify({ error: { code: error.code, message: error.message, remedy: error.remedy } }),
      )
    else console.error(`${colors.red('Error:')} ${error.message}\n${error.remedy}`)
    return
  }
  const message = error instanceof Error ? error.message : String(error)
  if (asJson)
    console.log(JSON.stringify({ error: { code: 'defect', message, remedy: 'Please report this.' } }))
  else
    console.error(
      `${colors.red('Unexpected error (a bug in spellm):')} ${message}\nPlease report it; SPELLM_DEBUG=1 shows where it happened.`,
    )
  if (process.env['SPELLM_DEBUG'] && error instanceof Error) console.error(error.stack)
}

/** A line of progress with rate and time left. On no terminal, or with --json, it is a line now and then. */
interface ProgressBar {
  update(done: number, total: number, note?: string): void
  /** Prints a line above the bar. */
  log(message: string): void
  end(): void
}

/** Progress bars one after another. */
interface ProgressBars {
  /** The bar that is shown; null: none. */
  readonly current: ProgressBar | null
  /** Starts a bar in place of the one that is shown, see `progressBar`. */
  begin(label: string, unit: string | null): void
  end(): void
}

/** No bar yet. */
export function progressBars(): ProgressBars {
  let current: ProgressBar | null = null
  const end = () => {
    current?.end()
    current = null
  }
  return {
    get current() {
      return current
    },
    begin: (label, unit) => {
      end()
      current = progressBar(label, unit)
    },
    end,
  }
}

/**
 * Starts a bar. `unit` is what is counted, such as 'tokens' or 'B'; null: parts of the work that nobody wants to count.
 * Everything goes to standard error.
 */
export function progressBar(label: string, unit: string | null): ProgressBar {
  const started = performance.now()
  let first: number | null = null
  const describe = (done: number, total: number) => {
    // What was done before this process must not count for the rate.
    first ??= done
    const seconds = (performance.now() - started) / 1000
    const rate = (done - first) / seconds
    const left = rate > 0 ? formatSeconds((total - done) / rate) : '…'
    return { rate: unit === null ? '' : `${formatAmount(rate, unit)}/s  `, left }
  }
  if (!process.stderr.isTTY) {
    let printed = 0
    let isDone = false
    return {
      update: (done, total, note = '') => {
        const { rate, left } = describe(done, total)
        if (isDone || (performance.now() - printed < 5_000 && done < total)) return
        isDone = done >= total
        printed = performance.now()
        console.error(`${label} ${((100 * done) / total).toFixed(0)} %  ${rate}${left} left  ${note}`)
      },
      log: (message) => console.error(message),
      end: () => undefined,
    }
  }
  const bar = new cliProgress.SingleBar({
    format: `${label.padEnd(10)} {bar} {percentage} %  {rate}{left} left  {note}`,
    barsize: 24,
    hideCursor: true,
    clearOnComplete: false,
    barCompleteChar: '█',
    barIncompleteChar: '░',
  })
  let running = false
  return {
    update: (done, total, note = '') => {
      const payload = { ...describe(done, total), note }
      if (running) bar.update(done, payload)
      else bar.start(total, done, payload)
      running = true
    },
    log: (message) => {
      if (running) process.stderr.write('\r\x1b[K')
      console.error(message)
    },
    end: () => {
      if (running) bar.stop()
      running = false
    },
  }
}

/** 1234 → '1.2 k'. */
export function formatCount(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(1)} G`
  if (count >= 1e6) return `${(count / 1e6).toFixed(1)} M`
  if (count >= 1e3) return `${(count / 1e3).toFixed(1)} k`
  return count.toFixed(0)
}

/** 1234567890 → '1.2 GB'. */
export function formatBytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(0)} MB`
}

/** 1234 tokens → '1.2 k tokens', 1234 B → '1.2 kB'. */
export function formatAmount(count: number, unit: string): string {
  const text = formatCount(count)
  return unit === 'B' && count >= 1e3 ? `${text}B` : `${text} ${unit}`
}

/** 75 → '1 min 15 s'. */
export function formatSeconds(seconds: number): string {
  const whole = Math.ceil(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}

/** 0.9734 → '97.3 %'. */
export function formatShare(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}

/** Columns aligned with two spaces between them, the first to the left and the others to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map((row) =>
      row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '),
    )
    .join('\n')
}

/** A signal that fires at the first Ctrl-C; a second one ends the process at once. */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController()
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(130)
    console.error('\nStopping … (Ctrl-C again to stop at once)')
    controller.abort()
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  return controller.signal
}
