/** The names of the messages between the preload script and the main process. */
export const channels = {
  pickFolder: 'studio:pick-folder',
  pickTextFiles: 'studio:pick-text-files',
  reveal: 'studio:reveal',
  requestEnginePort: 'studio:request-engine-port',
  enginePort: 'studio:engine-port',
  command: 'studio:command',
} as const

/** What the page says to its preload script to get a port, and hears from it with one. */
export const pageMessages = {
  requestPort: 'spellm-request-engine-port',
  port: 'spellm-engine-port',
} as const
