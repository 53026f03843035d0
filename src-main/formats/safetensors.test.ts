import { mkdir, mkdtemp, open, readdir, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  checkFinite,
  openCheckpoint,
  openSafetensors,
  readTensor,
  readTensorBytes,
  writeSafetensors,
} from './safetensors.ts'

let folder = ''
let count = 0
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'spellm-safetensors-'))))
afterAll(() => rm(folder, { recursive: true }))
const newPath = () => join(folder, `${count++}.safetensors`)

/** A file with any header, as text or value, and `dataBytes` zeros. */
async function craft(header: unknown, dataBytes = 0, claimedLength?: bigint): Promise<string> {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(claimedLength ?? BigInt(json.length))
  const path = newPath()
  await writeFile(path, Buffer.concat([length, json, Buffer.alloc(dataBytes)]))
  return path
}

const tensor = (shape: unknown, offsets: unknown, dtype: unknown = 'F32') => ({
  dtype,
  shape,
  data_offsets: offsets,
})

describe('reading', () => {
  it('reads every dtype of a file of the reference implementation', async () => {
    const { tensors, metadata } = await openSafetensors(
      join(import.meta.dirname, 'testing/dtypes.safetensors'),
    )
    expect(metadata).toEqual({ format: 'pt', note: 'naïve ✓' })
    const values = [0, 1, -2.5, 65504, Math.fround(6e-8), -0.333251953125]
    expect([...(await readTensor(tensors.get('f32')!))]).toEqual(values)
    expect([...(await readTensor(tensors.get('f64')!))]).toEqual(values)
    expect([...(await readTensor(tensors.get('f16')!))]).toEqual([...values.slice(0, 4), 2 ** -24, values[5]])
    const rounded = await readTensor(tensors.get('bf16')!)
    rounded.forEach((value, i) =>
      expect(Math.abs(value - values[i]!)).toBeLessThanOrEqual(Math.abs(values[i]!) / 256),
    )
    expect(new BigInt64Array((await readTensorBytes(tensors.get('i64')!)).buffer)).toEqual(
      BigInt64Array.of(-(2n ** 40n), 7n),
    )
    expect([...(await readTensorBytes(tensors.get('bool')!))]).toEqual([1, 0])
    expect(tensors.get('scalar')!.shape).toEqual([])
    expect([...(await readTensor(tensors.get('scalar')!))]).toEqual([3.5])
    expect((await readTensor(tensors.get('empty')!)).length).toBe(0)
    expect(tensors.get('f8')!.dtype).toBe('F8_E4M3')
  })

  it('reads what it wrote, with aligned data', async () => {
    const path = newPath()
    await writeSafetensors(
      path,
      {
        a: { dtype: 'F32', shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) },
        b: { dtype: 'I32', shape: [1], data: Int32Array.of(-9) },
      },
      { step: '3' },
    )
    const { tensors, metadata } = await openSafetensors(path)
    expect(metadata).toEqual({ step: '3' })
    expect([...(await readTensor(tensors.get('a')!))]).toEqual([1, 2, 3, 4])
    expect(tensors.get('a')!.offset % 8).toBe(0)
  })

  it('reads a tensor at the end of a file of more than 2 GiB', async () => {
    const far = 2 ** 31 + 4096
    const path = await craft({ hole: tensor([far], [0, far], 'U8'), end: tensor([2], [far, far + 8]) })
    const handle = await open(path, 'r+')
    const { size } = await handle.stat()
    await handle.truncate(size + far + 8)
    await handle.write(new Uint8Array(Float32Array.of(1.5, -7).buffer), 0, 8, size + far)
    await handle.close()
    const { tensors } = await openSafetensors(path)
    expect([...(await readTensor(tensors.get('end')!))]).toEqual([1.5, -7])
    await rm(path)
  })

  it("takes '__proto__' for a name like any other", async () => {
    const path = await craft('{"__proto__":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4)
    expect([...(await openSafetensors(path)).tensors.keys()]).toEqual(['__proto__'])
    expect(({} as { dtype?: string }).dtype).toBeUndefined()
  })
})

describe('a damaged or lying file is refused with its own message', () => {
  it.each([
    [
      'shorter than its length field',
      () => craft('', 0).then(async (path) => (await truncate(path, 5), path)),
      /has 5 bytes/,
    ],
    [
      'header past the end',
      () => craft({}, 0, 1000n),
      /claims a header of 1000 bytes, but the file ends after 10/,
    ],
    ['huge header', () => craft({}, 0, 101_000_000n), /at most 100000000 are allowed/],
    ['header of 2^63', () => craft({}, 0, 2n ** 63n), /claims a header/],
    ['no JSON', () => craft('{"a":'), /not JSON/],
    ['an array', () => craft('[]'), /not a JSON object/],
    [
      'duplicate names',
      () =>
        craft(
          '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}',
          1,
        ),
      /names a tensor twice/,
    ],
    ['unknown dtype', () => craft({ a: tensor([1], [0, 4], 'F31') }, 4), /'a', dtype/],
    ['negative size', () => craft({ a: tensor([-1], [0, 4]) }, 4), /'a', shape\.0/],
    ['fractional size', () => craft({ a: tensor([1.5], [0, 4]) }, 4), /'a', shape\.0/],
    [
      'size beyond 2^53',
      () => craft('{"a":{"dtype":"F32","shape":[9007199254740993],"data_offsets":[0,4]}}', 4),
      /'a', shape\.0/,
    ],
    ['product beyond 2^53', () => craft({ a: tensor([2 ** 40, 2 ** 40], [0, 4]) }, 4), /'a' of F32/],
    [
      'span that is not the shape',
      () => craft({ a: tensor([2], [0, 4]) }, 4),
      /needs 8 bytes, its data_offsets span 4/,
    ],
    ['end before beginning', () => craft({ a: tensor([1], [8, 4]) }, 8), /data_offsets span -4/],
    [
      'offset past the end',
      () => craft({ a: tensor([4], [0, 16]) }, 8),
      /ends at byte 16 of the data, but the file has only 8/,
    ],
    ['overlap', () => craft({ a: tensor([2], [0, 8]), b: tensor([2], [4, 12]) }, 12), /'b' overlaps/],
    ['gap', () => craft({ a: tensor([1], [0, 4]), b: tensor([1], [8, 12]) }, 12), /'b' leaves a gap/],
    [
      'bytes after the last tensor',
      () => craft({ a: tensor([1], [0, 4]) }, 9),
      /5 bytes after the last tensor/,
    ],
    ['metadata that is not text', () => craft({ __metadata__: { a: 1 } }), /__metadata__/],
    ['more fields', () => craft({ a: { ...tensor([1], [0, 4]), extra: 1 } }, 4), /'a', entry/],
  ])('%s', async (_, make, message) => {
    await expect(openSafetensors(await make())).rejects.toMatchObject({
      code: 'file-invalid',
      message: expect.stringMatching(message) as string,
    })
  })

  it('a Git LFS pointer and a web page in place of weights say what happened', async () => {
    const [pointer, page] = [newPath(), newPath()]
    await writeFile(pointer, 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n')
    await writeFile(page, '<!DOCTYPE html><title>Sign in</title>')
    await expect(openSafetensors(pointer)).rejects.toMatchObject({
      message: expect.stringContaining('Git LFS pointer') as string,
    })
    await expect(openSafetensors(page)).rejects.toMatchObject({
      message: expect.stringContaining('web page') as string,
    })
  })

  it('a missing file and a folder', async () => {
    await expect(openSafetensors(join(folder, 'none'))).rejects.toMatchObject({ code: 'file-not-found' })
    await expect(openSafetensors(folder)).rejects.toThrow()
  })
})

describe('checkFinite', () => {
  it.each([
    ['F32', NaN, 1_234],
    ['F32', Infinity, 3_000_000],
    ['F64', -Infinity, 2],
  ] as const)('finds %s %d at its index', async (dtype, bad, index) => {
    const data = dtype === 'F32' ? new Float32Array(3_000_001) : new Float64Array(5)
    data[index] = bad
    const path = newPath()
    await writeSafetensors(path, { weight: { dtype, shape: [data.length], data } })
    const entry = (await openSafetensors(path)).tensors.get('weight')!
    await expect(checkFinite(entry)).rejects.toMatchObject({
      code: 'model-invalid',
      message: `${path}: the weight 'weight' holds ${bad} at index ${index}.`,
    })
    await rm(path)
  })
})

describe('shards', () => {
  const shard = (names: readonly string[]) =>
    Object.fromEntries(
      names.map((name) => [name, { dtype: 'F32' as const, shape: [1], data: Float32Array.of(1) }]),
    )
  async function checkpointFolder(index: Record<string, string>, shards: Record<string, readonly string[]>) {
    const path = join(folder, `checkpoint-${count++}`)
    await mkdir(path)
    await writeFile(join(path, 'model.safetensors.index.json'), JSON.stringify({ weight_map: index }))
    for (const [name, names] of Object.entries(shards)) await writeSafetensors(join(path, name), shard(names))
    return path
  }

  it('are read together', async () => {
    const path = await checkpointFolder(
      { a: '1.safetensors', b: '2.safetensors' },
      { '1.safetensors': ['a'], '2.safetensors': ['b'] },
    )
    expect([...(await openCheckpoint(path)).tensors.keys()].sort()).toEqual(['a', 'b'])
  })

  it('may be links into a cache', async () => {
    const path = await checkpointFolder({ a: '1.safetensors' }, {})
    const blob = newPath()
    await writeSafetensors(blob, shard(['a']))
    await symlink(blob, join(path, '1.safetensors'))
    expect((await openCheckpoint(path)).tensors.size).toBe(1)
  })

  it.each([
    '../outside.safetensors',
    '/etc/passwd',
    'a/b.safetensors',
    'C:\\x.safetensors',
    '\\\\host\\x.safetensors',
    'CON.safetensors',
    'weights.bin',
  ])('may not be named %s', async (name) => {
    const path = await checkpointFolder({ a: name }, {})
    await expect(openCheckpoint(path)).rejects.toMatchObject({
      code: 'file-invalid',
      message: expect.stringContaining('weight_map') as string,
    })
  })

  it('must be there, hold what the index says, and nothing twice', async () => {
    const missing = await checkpointFolder({ a: '1.safetensors' }, {})
    await expect(openCheckpoint(missing)).rejects.toMatchObject({
      code: 'file-not-found',
      message: expect.stringContaining('1.safetensors is missing') as string,
    })
    const elsewhere = await checkpointFolder(
      { a: '1.safetensors', b: '2.safetensors' },
      { '1.safetensors': ['b'], '2.safetensors': ['a'] },
    )
    await expect(openCheckpoint(elsewhere)).rejects.toMatchObject({
      message: expect.stringContaining("lacks the tensor 'a'") as string,
    })
    const twice = await checkpointFolder(
      { a: '1.safetensors', b: '2.safetensors' },
      { '1.safetensors': ['a'], '2.safetensors': ['a', 'b'] },
    )
    await expect(openCheckpoint(twice)).rejects.toMatchObject({
      message: expect.stringContaining("'a' is in") as string,
    })
    const nothing = join(folder, `checkpoint-${count++}`)
    await mkdir(nothing)
    await expect(openCheckpoint(nothing)).rejects.toMatchObject({ code: 'file-not-found' })
  })
})

it('a failed write leaves the old file and no other', async () => {
  const path = join(folder, 'lonely', 'x.safetensors')
  await mkdir(join(folder, 'lonely'))
  await writeSafetensors(path, { a: { dtype: 'F32', shape: [1], data: Float32Array.of(1) } })
  await expect(
    writeSafetensors(path, { a: { dtype: 'F32', shape: [2], data: Float32Array.of(1) } }),
  ).rejects.toThrow(RangeError)
  expect(await readdir(join(folder, 'lonely'))).toEqual(['x.safetensors'])
  expect([...(await readTensor((await openSafetensors(path)).tensors.get('a')!))]).toEqual([1])
})
