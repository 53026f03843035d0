import { ORPCError, ValidationError } from '@orpc/server'
import type { EngineError } from '../../contract/index.ts'
import { CancelledError, SpellmError } from '../../base/errors.ts'

/** An error as it crosses to the renderer. What isn't meant for the user is a defect, and logged with its place. */
export function describeError(error: unknown): EngineError {
  if (error instanceof SpellmError) return { code: error.code, message: error.message, remedy: error.remedy }
  if (error instanceof CancelledError)
    return { code: 'cancelled', message: 'Stopped on request.', remedy: 'Start it again when you like.' }
  const malformed = describeMalformedInput(error)
  if (malformed) return malformed
  console.error(error)
  return {
    code: 'defect',
    message: error instanceof Error ? error.message : String(error),
    remedy: 'This is a bug in the program: please report it.',
  }
}

function describeMalformedInput(error: unknown): EngineError | null {
  if (!(error instanceof ORPCError) || error.code !== 'BAD_REQUEST') return null
  if (!(error.cause instanceof ValidationError)) return null
  const [issue] = error.cause.issues
  const path = (issue?.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part))
  return {
    code: 'setting-invalid',
    message: `${path.length > 0 ? `'${path.join('.')}'` : 'The request'} is invalid: ${issue?.message ?? error.message}.`,
    remedy: 'Correct the value.',
  }
}
