import type { AppInfo, Settings } from '../../../src-main/contract/index.ts'
import { formatBytes } from '../../strings/format.ts'

/** What a report of a problem should contain, as text. In English whatever the language of the studio. */
export function describeDiagnostics(info: AppInfo, settings: Settings, userAgent: string): string {
  const { version, engine, dataFolder, runsFolder, crash } = info
  const lines: readonly (readonly [name: string, value: string])[] = [
    ['SpeLLM Studio', version],
    ['onnxruntime', engine.onnxruntime],
    ['Node.js', engine.node],
    ['Platform', `${engine.platform} ${engine.arch}`],
    ['CPU', `${engine.cpu}, ${engine.cores} cores`],
    ['Memory', formatBytes(engine.memoryBytes)],
    ['Device', settings.device],
    ['Data folder', dataFolder],
    ['Runs folder', runsFolder],
    ['Models in the library', String(settings.models.length)],
    ['Browser', userAgent],
    ...(crash ? [['Last crash', `${crash.at}: ${crash.reason}`] as const] : []),
  ]
  return lines.map(([name, value]) => `${name}: ${value}`).join('\n')
}
