import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CancelledError } from '../base/errors.ts'
import { seededRandom } from '../base/random.ts'
import { readParquet, type ParquetLimits } from './parquet.ts'

/** Written by pyarrow, see scripts/reference/task_samples.py: each with another compression or size of row groups. */
const folder = join(import.meta.dirname, '../evaluate/testing/tasks')
const limits = { maxBytes: 1 << 20, maxRows: 1000 }
let scratch = ''

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-parquet-'))
})
afterAll(() => rm(scratch, { recursive: true, force: true }))

const columnsOf: Readonly<Record<string, readonly string[]>> = {
  arc_easy: ['question', 'choices', 'answerKey'],
  boolq: ['passage', 'question', 'label'],
  arc_challenge: ['question', 'choices', 'answerKey'],
  hellaswag: ['endings', 'ctx_a', 'label'],
  openbookqa: ['question_stem', 'choices'],
  lambada_openai: ['text'],
  piqa: ['goal', 'sol1', 'sol2', 'label'],
  winogrande: ['sentence', 'answer'],
}

describe('a Parquet file', () => {
  it.each(Object.entries(columnsOf))(
    '%s gives the columns that are asked for, row by row',
    async (name, columns) => {
      const rows = await readParquet(join(folder, `${name}.parquet`), columns, limits)
      expect(rows).toHaveLength(44)
      for (const row of rows) expect(Object.keys(row).sort()).toEqual([...columns].sort())
    },
  )

  it('has structures, lists and whole numbers as JavaScript has them', async () => {
    const [first] = await readParquet(join(folder, 'arc_easy.parquet'), ['choices'], limits)
    expect(first!['choices']).toEqual({
      text: expect.arrayContaining(['Paris']) as string[],
      label: ['1', '2', '3', '4'],
    })
    const [, second] = await readParquet(join(folder, 'boolq.parquet'), ['label', 'idx'], limits)
    expect(second!['idx']).toBe(1)
    expect([0, 1]).toContain(second!['label'])
  })

  const refused = async (path: string, message: RegExp, own: ParquetLimits = limits, columns = ['goal']) =>
    expect(readParquet(path, columns, own)).rejects.toMatchObject({
      code: 'file-invalid',
      message: expect.stringMatching(message) as string,
    })

  it('is refused beyond its limits, and without a column', async () => {
    const path = join(folder, 'piqa.parquet')
    await refused(path, /has \d+ bytes; at most 100 /, { ...limits, maxBytes: 100 })
    await refused(path, /it has 44 rows; at most 43 /, { ...limits, maxRows: 43 })
    await refused(path, /it has no column 'gaol'/, limits, ['gaol'])
    await expect(readParquet(join(scratch, 'nowhere'), [], limits)).rejects.toMatchObject({
      code: 'file-not-found',
    })
  })

  it('that is none is refused', async () => {
    const path = join(scratch, 'none.parquet')
    for (const contents of ['', 'PAR1', 'PAR1PAR1', '{"goal": "a"}', `PAR1${'\u007f'.repeat(40)}PAR1`]) {
      await writeFile(path, contents)
      await refused(path, /is not a Parquet file/)
    }
  })

  it('that is cut or changed somewhere gives rows or an error that names it, and nothing else', async () => {
    const random = seededRandom(7)
    for (const [name, columns] of Object.entries(columnsOf)) {
      const bytes = await readFile(join(folder, `${name}.parquet`))
      if (random.chance(0.3)) bytes.copyWithin(0, 1 + random.below(bytes.length - 1))
      else bytes[random.below(bytes.length)]! ^= 1 << random.below(8)
      const path = join(scratch, `${name}.parquet`)
      await writeFile(path, bytes)
      const own = { ...limits, milliseconds: 5_000 }
      const rows = await readParquet(path, columns, own).catch((error: unknown) => error)
      if (!Array.isArray(rows))
        expect(rows).toMatchObject({
          code: 'file-invalid',
          message: expect.stringContaining(path) as string,
        })
    }
  })

  it('that has a run of values without end is given up, and nothing else ends with it', async () => {
    const bytes = await readFile(join(folder, 'arc_challenge.parquet'))
    // The first column's levels: a run of 17 rows (its count doubled), which all have a value (level 1).
    const run = bytes.indexOf(Buffer.from([17 * 2, 1]))
    expect(run).toBeGreaterThan(0)
    bytes.set([0xfe, 0xff, 0xff, 0xff, 0x0f, 1], run)
    const path = join(scratch, 'run.parquet')
    await writeFile(path, bytes)
    await refused(path, /can't be decoded/, { ...limits, milliseconds: 30_000 }, ['id'])
  })

  it('is not decoded to the end once nobody wants it', async () => {
    const signal = AbortSignal.timeout(1)
    const stopped = readParquet(join(folder, 'piqa.parquet'), ['goal'], { ...limits, signal })
    await expect(stopped).rejects.toBeInstanceOf(CancelledError)
  })
})
