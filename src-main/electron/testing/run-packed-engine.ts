/**
 * Runs the engine process of a packed app with plain Node.js: plays Electron's part, asks it over a port, and
 * prints the answers as one line of JSON.
 *
 *     node --import tsx run-packed-engine.ts <engine-process.js> <data folder>
 */
import { EventEmitter } from 'node:events'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { spawnProbe } from '../../runtime/devices/probe-child.ts'
import { probeRequestSchema, type ProbeRequest } from '../probe-messages.ts'
import { engineClient } from '../engine-client.ts'

/** A port of Node.js with the events of Electron's, which keeps messages until it is started. */
function electronPort(port: MessagePort) {
  const events = new EventEmitter()
  port.on('close', () => events.emit('close'))
  return Object.assign(events, {
    postMessage: (data: unknown) => port.postMessage(data),
    start: () => void port.on('message', (data: unknown) => events.emit('message', { data })),
  })
}

const [entry = '', dataFolder = ''] = process.argv.slice(2)
const parentPort = Object.assign(new EventEmitter(), {
  postMessage: (message: unknown) => {
    const request = probeRequestSchema.safeParse(message)
    if (request.success) void probe(request.data)
    else {
      console.error(message)
      process.exit(1)
    }
  },
})
Object.assign(process, { parentPort })

/** As the host does it, with the packed program. */
async function probe({ id, device }: ProbeRequest): Promise<void> {
  const output = await spawnProbe(device, join(dirname(entry), '../runtime/devices/probe-process.js'))
  parentPort.emit('message', { data: { kind: 'probed', id, output }, ports: [] })
}

await import(pathToFileURL(entry).href)

const { port1, port2 } = new MessageChannel()
parentPort.emit('message', { data: { kind: 'start', dataFolder, crash: null }, ports: [] })
parentPort.emit('message', { data: { kind: 'connect' }, ports: [electronPort(port1)] })
const port = electronPort(port2)
const engine = engineClient(port)
port.start()

const info = await engine.app.info()
const models = await engine.models.list()
const sampling = { source: { kind: 'model', reference: 'sample' }, mode: 'base', sampling: null } as const
let text = ''
for await (const event of await engine.console.generate({
  ...sampling,
  prompt: 'Once upon a time',
  maxTokens: 4,
  stop: [],
}))
  if (event.type !== 'prompt') text += event.text
console.log(JSON.stringify({ info, models, text }))
parentPort.emit('message', { data: { kind: 'stop' }, ports: [] })
