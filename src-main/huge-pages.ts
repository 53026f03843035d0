const tunable = 'glibc.malloc.hugetlb'

/** Whether a program that starts with this environment asks Linux for huge pages, or must not. */
export function decidesOnHugePages({ GLIBC_TUNABLES = '' }: NodeJS.ProcessEnv): boolean {
  return GLIBC_TUNABLES.includes(`${tunable}=`)
}

/**
 * The environment of a process that computes. On Linux, glibc reads from it that large blocks of memory may consist of
 * pages of 2 MiB, not 4 KiB: weights are loaded and read faster, since the processor finds more of them without looking
 * up where they lie. A choice that was made already stands.
 */
export function withHugePages(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (process.platform !== 'linux' || decidesOnHugePages(environment)) return environment
  const { GLIBC_TUNABLES: others } = environment
  return { ...environment, GLIBC_TUNABLES: [...(others ? [others] : []), `${tunable}=1`].join(':') }
}
