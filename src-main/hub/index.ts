/** Models and data sets from the Hugging Face Hub, in the cache that is shared with other tools. */
export { cachedModelFolder } from './cache.ts'
export { downloadDatasetFile } from './download-dataset.ts'
export { downloadModel, planDownload, type DownloadedModel } from './download-model.ts'
export type { DownloadEvent } from './snapshot.ts'
export type { DownloadPhase } from './progress.ts'
export { formatModelReference, parseModelReference, withRevision } from './reference.ts'
export { resolveModel } from './resolve-model.ts'
export { readHubSettings, type HubSettings } from './settings.ts'
