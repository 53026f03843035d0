type Listener = (event?: { data: unknown }) => void

/**
 * The engine's end of a relayed connection, with the methods of a MessagePort that oRPC uses. What comes before
 * anybody listens is kept: the engine may still be starting.
 */
export class RelayedPort {
  readonly #send: (data: string) => void
  readonly #listeners = new Map<string, Listener>()
  #waiting: string[] = []
  #isClosed = false

  constructor(send: (data: string) => void) {
    this.#send = send
  }

  on(event: string, listener: Listener): void {
    this.#listeners.set(event, listener)
    if (event === 'message') {
      for (const data of this.#waiting) listener({ data })
      this.#waiting = []
    }
    if (event === 'close' && this.#isClosed) listener()
  }

  postMessage(data: string): void {
    if (!this.#isClosed) this.#send(data)
  }

  /** The other side said something. */
  receive(data: string): void {
    const listener = this.#listeners.get('message')
    if (listener) listener({ data })
    else this.#waiting.push(data)
  }

  /** The other side is gone. */
  close(): void {
    this.#isClosed = true
    this.#listeners.get('close')?.()
  }
}
