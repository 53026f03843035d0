import { networkInterfaces } from 'node:os'
import { expect, test } from 'vitest'
import { createAccess, ownHosts, printedHosts } from './access.ts'

const loopback = ['127.0.0.1:8080', 'localhost:8080', '[::1]:8080']

test('on the loopback address only its names are known', () => {
  expect(ownHosts('127.0.0.1', 8080)).toEqual(loopback)
  expect(printedHosts('127.0.0.1', 8080)).toEqual(['127.0.0.1:8080'])
})

test('an address that was asked for is known too, in the way a browser writes it', () => {
  expect(ownHosts('192.168.7.1', 8080)).toEqual([...loopback, '192.168.7.1:8080'])
  expect(ownHosts('GPU-Box.example', 8080)).toContain('gpu-box.example:8080')
  expect(ownHosts('fd00::1', 8080)).toContain('[fd00::1]:8080')
})

test('browsers leave out port 80', () => {
  expect(ownHosts('127.0.0.1', 80)).toEqual(['127.0.0.1', 'localhost', '[::1]'])
})

test.each(['0.0.0.0', '::'])('%s stands for the addresses of this machine, and for no name', (address) => {
  const own = Object.values(networkInterfaces())
    .flat()
    .flatMap((entry) => (entry?.family === 'IPv4' ? [`${entry.address}:8080`] : []))
  expect(printedHosts(address, 8080)).toEqual(expect.arrayContaining(own))
  expect(ownHosts(address, 8080)).toEqual(expect.arrayContaining(loopback))
  expect(ownHosts(address, 8080)).not.toContain(`${address}:8080`)
})

test('each launch draws another token of 256 bits', () => {
  const tokens = [1, 2].map(() => createAccess('127.0.0.1', 8080).token)
  expect(tokens[0]).not.toBe(tokens[1])
  for (const token of tokens) expect(Buffer.from(token, 'base64url')).toHaveLength(32)
})
