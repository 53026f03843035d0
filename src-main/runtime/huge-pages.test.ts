import { expect, it } from 'vitest'
import { withHugePages } from './huge-pages.ts'

it.runIf(process.platform === 'linux')('huge pages are asked for beside what is set already', () => {
  expect(withHugePages({ PATH: '/bin' })).toEqual({
    PATH: '/bin',
    GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1',
  })
  expect(withHugePages({ GLIBC_TUNABLES: 'glibc.malloc.arena_max=2' })).toEqual({
    GLIBC_TUNABLES: 'glibc.malloc.arena_max=2:glibc.malloc.hugetlb=1',
  })
})

it('a choice that was made already stands', () => {
  const environment = { GLIBC_TUNABLES: 'glibc.malloc.hugetlb=0' }
  expect(withHugePages(environment)).toEqual(environment)
})
