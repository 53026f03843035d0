/**
 * An engine that begins runs and is to be killed. Usage: run-engine.ts DATA REQUEST NAME…, with REQUEST as JSON.
 * Prints `training` when the first run has taken some steps.
 */
import { startEngine } from '../engine.ts'
import { connectTo, eventsUntil } from './client.ts'
import type { ConversionRequest } from '../../contract/index.ts'

const [dataFolder = '', request = '', ...names] = process.argv.slice(2)
const { client } = connectTo(await startEngine({ dataFolder, crash: null }))
for (const name of names) await client.runs.start({ name, request: JSON.parse(request) as ConversionRequest })
await eventsUntil(client, names[0]!, 0, (event) => event.type === 'steps')
console.log('training')
