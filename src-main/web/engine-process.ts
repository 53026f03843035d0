/**
 * The engine under the browser host: a child process that answers all browsers, forked by
 * `engine-child.ts`. It ends when the host asks it to or is gone.
 */
import { engineLifecycle } from '../engine/process/engine-lifecycle.ts'
import { RelayedPort } from './relayed-port.ts'
import { toEngineSchema, type ToEngine, type ToHost } from './relay.ts'

const ports = new Map<number, RelayedPort>()

function tell(message: ToHost, told?: () => void): void {
  if (process.connected) process.send!(message, () => told?.())
  else told?.()
}

const engine = engineLifecycle(tell)

function receive(message: ToEngine): void {
  switch (message.kind) {
    case 'start':
    case 'stop':
      engine.receive(message)
      return
    case 'open': {
      const { connection } = message
      const port = new RelayedPort((data) => tell({ kind: 'message', connection, data }))
      ports.set(connection, port)
      void engine.connect(port)
      return
    }
    case 'message':
      ports.get(message.connection)?.receive(message.data)
      return
    case 'close':
      ports.get(message.connection)?.close()
      ports.delete(message.connection)
  }
}

process.on('message', (message) => receive(toEngineSchema.parse(message)))
process.on('disconnect', () => engine.stop())
