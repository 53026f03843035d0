const tunable = 'glibc.malloc.hugetlb'

/**
 * The environment of a process that computes. On Linux, glibc reads from it that large blocks of memory may consist of
 * pages of 2 MiB, not 4 KiB: weights are loaded and read faster, since the CPU finds more of them without looking
 * up where they lie. A choice that was made already stands.
 */
export function withHugePages(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { GLIBC_TUNABLES: others = '' } = environment
  if (process.platform !== 'linux' || others.includes(`${tunable}=`)) return environment
  return { ...environment, GLIBC_TUNABLES: [...(others ? [others] : []), `${tunable}=1`].join(':') }
}
