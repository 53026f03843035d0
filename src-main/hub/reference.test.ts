import { describe, expect, it } from 'vitest'
import { formatModelReference, isModelReference, parseModelReference, withRevision } from './reference.ts'

const commit = '0123456789abcdef'.repeat(3).slice(0, 40)

describe('a model reference', () => {
  it.each([
    ['owner/name', 'owner/name', 'main'],
    ['HuggingFaceTB/SmolLM2-1.7B_x', 'HuggingFaceTB/SmolLM2-1.7B_x', 'main'],
    [`owner/name@${commit}`, 'owner/name', commit],
    ['owner/name@v1.0', 'owner/name', 'v1.0'],
    ['owner/name@refs/pr/1', 'owner/name', 'refs/pr/1'],
    ['https://huggingface.co/owner/name', 'owner/name', 'main'],
    ['https://huggingface.co/owner/name/', 'owner/name', 'main'],
    ['https://hf.co/owner/name?library=transformers#usage', 'owner/name', 'main'],
    ['https://huggingface.co/owner/name/tree/v1.0', 'owner/name', 'v1.0'],
    ['https://huggingface.co/owner/name/tree/refs%2Fpr%2F1', 'owner/name', 'refs/pr/1'],
    ['https://huggingface.co/owner/name/tree/refs/pr/1/', 'owner/name', 'refs/pr/1'],
    ['https://mirror.example:8443/hub/owner/name/tree/x', 'owner/name', 'x'],
  ])('%s', (text, id, revision) => {
    expect(parseModelReference(text, 'https://mirror.example:8443/hub')).toEqual({ id, revision })
  })

  it.each([
    '',
    'name',
    'a/b/c',
    '/a/b',
    'a/',
    '../b',
    'a/..',
    './a',
    'a/.b',
    'a/b.',
    'a/b..c',
    'a--b/c',
    'a/b.git',
    'a\\b/c',
    'a b/c',
    'a/b\n',
    'ä/b',
    `a/${'b'.repeat(97)}`,
    'a/b@',
    'a/b@../main',
    'a/b@x/../y',
    'a/b@/x',
    'a/b@x//y',
    'a/b@.x',
    'a/b@refs/con',
    'a/b@x y',
    `a/b@${'x'.repeat(201)}`,
    'https://example.org/a/b',
    'https://huggingface.co/a',
    'https://huggingface.co/datasets/a/b',
    'https://huggingface.co/a/b/resolve/main/config.json',
    'https://huggingface.co/a/b/tree',
    'https://huggingface.co/%2e%2e/b',
    'https://huggingface.co/a/%',
    'https://',
    'file:///a/b',
  ])('is not %j', (text) => {
    expect(isModelReference(text)).toBe(false)
    expect(() => parseModelReference(text)).toThrow(
      expect.objectContaining({ code: 'setting-invalid' }) as Error,
    )
  })

  it('takes another revision, and is written with it', () => {
    const reference = parseModelReference('owner/name')
    expect(formatModelReference(reference)).toBe('owner/name')
    expect(formatModelReference(withRevision(reference, 'v1.0'))).toBe('owner/name@v1.0')
    expect(() => withRevision(reference, '../x')).toThrow(/names no revision/)
  })
})
