import type { HubState } from '../../contract/index.ts'
import { readHubSettings, type HubSettings } from '../../hub/index.ts'
import type { TokenStore } from './token-store.ts'

/** How the studio reaches the Hub. */
export interface HubAccess {
  /** With the token that was given in the studio, or else that of the environment or of the Hub's own tools. */
  settings(): Promise<HubSettings>
  /** What a page may know of it. Throws SpellmError as `readHubSettings`. */
  state(): Promise<HubState>
}

/** Reads the environment again with each call: other tools may have changed their token. */
export function createHubAccess(tokens: TokenStore): HubAccess {
  const read = async () => {
    const own = await tokens.read()
    const environment = own ? { ...process.env, HF_TOKEN: own.token } : process.env
    return { own, settings: await readHubSettings(environment) }
  }
  return {
    settings: async () => (await read()).settings,
    state: async () => {
      const { own, settings } = await read()
      const isGiven = Boolean(process.env['HF_TOKEN'] || process.env['HUGGING_FACE_HUB_TOKEN'])
      return {
        endpoint: settings.endpoint,
        isMirror: new URL(settings.endpoint).host !== 'huggingface.co',
        cacheFolder: settings.cacheFolder,
        isOffline: settings.offline,
        tokenSource: own?.place ?? (settings.token === null ? null : isGiven ? 'environment' : 'hub-tools'),
        tokenPlace: await tokens.place(),
      }
    },
  }
}
