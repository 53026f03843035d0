/** Makes the pictures of the documents, docs/images/, from the screens that the end-to-end tests go through in a browser. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const { status } = spawnSync(
  join(root, 'node_modules/.bin/playwright'),
  ['test', '--project=browser', 'e2e/appearance.spec.ts'],
  {
    cwd: root,
    env: { ...process.env, SPELLM_PICTURES: join(root, 'docs/images') },
    stdio: 'inherit',
    shell: process.platform === 'win32',
  },
)
process.exit(status ?? 1)
