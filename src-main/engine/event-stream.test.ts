import { describe, expect, it } from 'vitest'
import { createEventStream } from './event-stream.ts'

const soon = 20

describe('a feed', () => {
  it('tells each listener everything since it began to listen, once and in order', async () => {
    const feed = createEventStream<number>()
    const listening = new AbortController()
    feed.publish(0)
    const first = feed.listen(listening.signal)
    feed.publish(1)
    const second = feed.listen(listening.signal)
    feed.publish(2)
    expect(await first.take(0)).toEqual([1, 2])
    expect(await second.take(0)).toEqual([2])
    feed.publish(3)
    expect(await first.take(soon)).toEqual([3])
    listening.abort()
  })

  it('wakes a listener that waits', async () => {
    const feed = createEventStream<string>()
    const listener = feed.listen(new AbortController().signal)
    const taken = listener.take(0)
    feed.publish('now')
    expect(await taken).toEqual(['now'])
  })

  it('bunches what comes within the interval', async () => {
    const feed = createEventStream<number>()
    const listener = feed.listen(new AbortController().signal)
    feed.publish(0)
    expect(await listener.take(soon)).toEqual([0])
    const bunch = listener.take(soon)
    feed.publish(1)
    await Promise.resolve()
    feed.publish(2)
    expect(await bunch).toEqual([1, 2])
  })

  it.each([
    ['waits for something to happen', false],
    ['waits for the interval', true],
  ])('lets a listener go that %s', async (_, hasTaken) => {
    const feed = createEventStream<number>()
    const listening = new AbortController()
    const listener = feed.listen(listening.signal)
    if (hasTaken) {
      feed.publish(0)
      await listener.take(0)
      feed.publish(1)
    }
    const taken = listener.take(1_000_000)
    listening.abort()
    expect(await taken).toEqual([])
    feed.publish(2)
    expect(await listener.take(0)).toEqual([])
  })
})
