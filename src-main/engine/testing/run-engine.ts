/**
 * An engine that begins runs and is to be killed. Usage: run-engine.ts DATA REQUEST NAME…, with REQUEST as JSON.
 * Prints `training` when the first run has taken some steps.
 */
import type { ConversionRequest } from '../../contract/index.ts'
import { eventsUntil } from './client.ts'
import { openEngine } from './open-engine.ts'

const [dataFolder = '', request = '', ...names] = process.argv.slice(2)
const { client } = await openEngine({ dataFolder })
for (const name of names) await client.runs.start({ name, request: JSON.parse(request) as ConversionRequest })
await eventsUntil(client, names[0]!, 0, (event) => event.type === 'steps')
console.log('training')
