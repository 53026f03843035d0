/** As in electron-builder.yml. Windows files notifications under it. */
export const appId = 'io.github.spellm-studio.studio'
