import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { packagePath } from './package-path.ts'

/** The version in package.json, which releases are named after. */
export function packageVersion(): string {
  return z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(packagePath('package.json'), 'utf8'))).version
}
