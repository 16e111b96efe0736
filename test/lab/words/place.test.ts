/** Files are told by names under which nobody takes one for another. */
import {mkdtempSync, symlinkSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {sayPlace} from '../../../lab/words/place.ts'
import {readText} from '../../../lab/words/read-text.ts'

test.each([
  ['a.yml', 'a.yml:1:2'],
  ['with blank é.yml', 'with blank é.yml:1:2'],
  ['esc\u001b[31m.yml', '"esc\\u001b[31m.yml":1:2'],
  ['two\nlines.yml', '"two\\nlines.yml":1:2'],
  ['zero\u200bwidth.yml', '"zero\\u200bwidth.yml":1:2'],
  ['two  blanks.yml', '"two  blanks.yml":1:2'],
])('the place in %j is %s', (file, says) => {
  expect(sayPlace({file, line: 1, column: 2})).toBe(says)
})

test('a link that leads nowhere is told to be one, and is not meant instead of itself', () => {
  const link = join(mkdtempSync(join(tmpdir(), 'place-')), 'pg.yml')
  symlinkSync('gone.yml', link)
  expect(() => readText(link, 'configuration')).toThrow(
    /pg\.yml: cannot .*: it is a link to gone\.yml, which is not there$/,
  )
})
