import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {watchKeys} from '../../cli/ui/keys.ts'
import {watchDoc} from '../../docs/make-watch.ts'

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'watch.md'), 'utf8')

test('its tables are those of the screen: node docs/make-watch.ts', () => {
  expect(page).toBe(watchDoc(page))
  for (const {name, about} of watchKeys) expect(page).toContain(`| \`${name}\` | ${about} |`)
})
