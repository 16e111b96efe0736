/** --quiet: nobody is told how far the work is. */
import {afterEach, expect, test, vi} from 'vitest'
import {beQuiet, tell, tellProgress} from '../../cli/output.ts'
import {showProgress} from '../../cli/progress.ts'

afterEach(() => {
  beQuiet(false)
  vi.restoreAllMocks()
})

function heard(): string[] {
  const said: string[] = []
  vi.spyOn(process.stderr, 'write').mockImplementation(text => said.push(String(text)) > 0)
  return said
}

test.each([
  [false, ['half way\n', 'it failed\n']],
  [true, ['it failed\n']],
])('asked for: %j', (asked, expected) => {
  const said = heard()
  beQuiet(asked)
  tellProgress('half way\n')
  tell('it failed\n')
  expect(said).toEqual(expected)
})

test('the progress of long work is shown to nobody', async () => {
  const said = heard()
  beQuiet(true)
  const shown = await showProgress()
  shown.progress({step: 'build the image', state: 'begin'})
  await shown.done()
  expect(said).toEqual([])
})
