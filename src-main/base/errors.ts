/** What went wrong, in one word that scripts and translations may rely on. */
export type ErrorCode =
  | 'file-not-found'
  | 'file-invalid'
  | 'file-exists'
  | 'disk-full'
  | 'permission-denied'
  | 'setting-invalid'
  | 'text-invalid'
  | 'model-unsupported'
  | 'model-invalid'
  | 'tokenizer-mismatch'
  | 'run-mismatch'
  | 'run-corrupt'
  | 'run-busy'
  | 'run-status'
  | 'training-diverged'
  | 'device-unavailable'
  | 'address-unavailable'
  | 'network-failed'
  | 'access-denied'
  | 'model-not-found'
  | 'download-corrupt'
  | 'out-of-memory'

/**
 * An error that the user can act on. Anything else that is thrown is a defect of the program.
 *
 * `message` names the file and the field, and says what was found and what was expected;
 * `remedy` says in one sentence what to do about it.
 */
export class SpellmError extends Error {
  readonly code: ErrorCode
  readonly remedy: string

  constructor(code: ErrorCode, message: string, remedy: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'SpellmError'
    this.code = code
    this.remedy = remedy
  }
}

/** The job was asked to stop (Ctrl-C, the stop button). What was done so far is on disk. */
export class CancelledError extends Error {
  constructor(message = 'stopped on request') {
    super(message)
    this.name = 'CancelledError'
  }
}

const systemErrors: Record<string, { code: ErrorCode; remedy: string }> = {
  ENOSPC: {
    code: 'disk-full',
    remedy: 'Free some disk space or choose another folder, then try again.',
  },
  EDQUOT: {
    code: 'disk-full',
    remedy: 'Your disk quota is used up: free some space or choose another folder.',
  },
  EACCES: {
    code: 'permission-denied',
    remedy: 'Check the permissions of this path or choose another folder.',
  },
  EPERM: {
    code: 'permission-denied',
    remedy: 'Check the permissions of this path or choose another folder.',
  },
  EROFS: { code: 'permission-denied', remedy: 'This file system is read-only: choose another folder.' },
  ENOENT: { code: 'file-not-found', remedy: 'Check the path for a typing mistake.' },
  ELOOP: {
    code: 'file-invalid',
    remedy: 'This link leads back to itself: replace it with the file that it should lead to.',
  },
  ENOTDIR: { code: 'file-not-found', remedy: 'A part of this path is a file, not a folder: check the path.' },
}

/**
 * Turns an error of the operating system into a SpellmError that names `path`;
 * returns every other error as it is.
 */
export function describeSystemError(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || error instanceof SpellmError) return error
  const known = systemErrors[(error as NodeJS.ErrnoException).code ?? '']
  if (!known) return error
  return new SpellmError(known.code, `${path}: ${error.message}`, known.remedy, { cause: error })
}

/** For reading a file that may not be there: null then. Throws every other error. */
export function nullIfNotFound(error: unknown): null {
  if (error instanceof SpellmError && error.code === 'file-not-found') return null
  throw error
}
