import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { parseFileTime, parseLinuxStat, parsePsLine, processState } from './process-state.ts'

const bootId = 'bc5290b2-0ac7-4641-877b-633402c63672\n'
const statOf = (name: string, state: string, ticks: string) =>
  `6271 (${name}) ${state} 6256 6256 3071 0 -1 4194304 100 0 0 0 0 0 0 0 20 0 1 0 ${ticks} 3133440 397 1844`

describe('what a system says of a process', () => {
  test('Linux: the start in ticks, together with the boot that they count from', () => {
    expect(parseLinuxStat(statOf('node', 'S', '463092'), bootId)).toEqual({
      alive: true,
      started: '463092-bc5290b20ac7',
    })
  })

  test('Linux: a program name with parentheses and spaces shifts no field', () => {
    expect(parseLinuxStat(statOf('a) Z (b c', 'R', '17'), bootId)).toMatchObject({
      started: '17-bc5290b20ac7',
    })
  })

  test('Linux: a zombie is gone', () => {
    expect(parseLinuxStat(statOf('node', 'Z', '463092'), bootId)).toEqual({ alive: false })
  })

  test('Linux: a line that is cut off says that the process lives and no more', () => {
    expect(parseLinuxStat('6271 (node) S 6256', bootId)).toEqual({ alive: true, started: null })
  })

  test('macOS: the start in UTC, whatever the width of the day', () => {
    const started = `${Date.UTC(2026, 10, 4, 12, 33, 7)}`
    expect(parsePsLine('Ss   Wed Nov  4 12:33:07 2026\n')).toEqual({ alive: true, started })
    expect(parsePsLine('Z+   Wed Nov  4 12:33:07 2026\n')).toEqual({ alive: false })
    expect(parsePsLine('')).toEqual({ alive: true, started: null })
  })

  test('Windows: the file time as it is', () => {
    expect(parseFileTime('134085331870000000\r\n')).toEqual({ alive: true, started: '134085331870000000' })
    expect(parseFileTime('')).toEqual({ alive: true, started: null })
  })
})

describe('processState', () => {
  test('gives the same answer for a living process each time, and another for another process', async () => {
    const own = await processState(process.pid)
    const parent = await processState(process.ppid)
    expect(own).toEqual(await processState(process.pid))
    expect(own).toMatchObject({ alive: true, started: expect.stringMatching(/^[A-Za-z0-9-]+$/) as string })
    expect(parent).toMatchObject({ alive: true })
    expect(parent).not.toEqual(own)
  })

  test('knows that a process has ended', async () => {
    const child = spawn(process.execPath, ['--version'])
    await once(child, 'exit')
    expect(await processState(child.pid!)).toEqual({ alive: false })
  })

  test.runIf(process.platform === 'linux')(
    'counts a killed process as gone whose parent never asks',
    async () => {
      // The shell turns into `sleep`, which doesn't wait for the child that it has inherited.
      const parent = spawn('sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 20'])
      const [line] = (await once(parent.stdout, 'data')) as [Buffer]
      const zombie = Number(line.toString())
      await expect.poll(() => processState(zombie)).toEqual({ alive: false })
      expect(() => process.kill(zombie, 0)).not.toThrow()
      parent.kill('SIGKILL')
    },
  )
})
