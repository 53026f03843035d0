import { en } from './en.ts'

/** All that the studio says, in one place. A translation is another object of the same type. */
export type Strings = typeof en

export const strings: Strings = en
