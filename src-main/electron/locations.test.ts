import { expect, test } from 'vitest'
import { isExternalLink, isStudioPage, paperUrl, studioUrl } from './locations.ts'

test.each([studioUrl, 'app://studio/#/runs/first', 'app://studio/?x#/'])('%s is the studio', (address) =>
  expect(isStudioPage(address)).toBe(true),
)

test.each([
  'app://other/',
  'app://studio.evil/',
  'app://studio/assets/main.js',
  'https://studio/',
  'file:///etc/passwd',
  'javascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'about:blank',
  '',
])('%s is not', (address) => expect(isStudioPage(address)).toBe(false))

test.each([paperUrl, 'https://github.com/x/y', 'https://huggingface.co/models'])(
  '%s opens in the browser',
  (address) => expect(isExternalLink(address)).toBe(true),
)

test.each([
  'http://github.com/',
  'https://github.com.evil.example/',
  'https://github.com@evil.example/',
  'https://user:password@github.com/',
  'https://github.com:8443/',
  'https://evil.example/',
  'file:///usr/bin/calc',
  'ms-settings:',
  'smb://github.com/share',
  studioUrl,
  '',
])('%s does not', (address) => expect(isExternalLink(address)).toBe(false))
