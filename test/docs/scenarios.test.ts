import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {scenariosDoc} from '../../docs/make-scenarios.ts'

test('docs/reference/scenarios.md is what the scenario files say: node docs/make-scenarios.ts > docs/reference/scenarios.md', () => {
  const file = join(import.meta.dirname, '..', '..', 'docs', 'reference', 'scenarios.md')
  expect(readFileSync(file, 'utf8')).toBe(scenariosDoc())
})
