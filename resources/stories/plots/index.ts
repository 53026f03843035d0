import type { Plot } from '../plot.ts'
import { brokenThing } from './broken-thing.ts'
import { contest } from './contest.ts'
import { craft } from './craft.ts'
import { fear } from './fear.ts'
import { growing } from './growing.ts'
import { journey } from './journey.ts'
import { kindness } from './kindness.ts'
import { lostThing } from './lost-thing.ts'
import { misunderstanding } from './misunderstanding.ts'
import { mystery } from './mystery.ts'
import { newcomer } from './newcomer.ts'
import { promise } from './promise.ts'
import { sharing } from './sharing.ts'
import { storm } from './storm.ts'
import { surprise } from './surprise.ts'
import { trick } from './trick.ts'

/** Every shape that a story can have. */
export const plots: readonly Plot[] = [
  lostThing,
  brokenThing,
  fear,
  misunderstanding,
  contest,
  journey,
  kindness,
  trick,
  craft,
  storm,
  surprise,
  sharing,
  newcomer,
  growing,
  mystery,
  promise,
]
