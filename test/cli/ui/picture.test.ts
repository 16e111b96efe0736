import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {picture} from '../../../docs/img/make-picture.ts'

/** Reads a picture back: every piece of text at the row and column where it is drawn. */
function readBack(svg: string): string[] {
  const rows: string[] = []
  for (const [, x, y, text] of svg.matchAll(/<text x="([\d.]+)[^"]*" y="(\d+)" fill="#[^>]*>([^<]*)</g)) {
    const row = (Number(y) - 13 - 36) / 18
    if (row < 0) continue
    const column = Math.round((Number(x) - 18) / 8.4)
    const plain = text!
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&quot;', '"')
      .replaceAll('&amp;', '&')
    rows[row] = `${(rows[row] ?? '').padEnd(column)}${plain}`
  }
  return Array.from(rows, row => row ?? '')
}

test('every character of the terminal is in its place in the picture', () => {
  const ansi = '\u001b[1mbold\u001b[0m  two   gaps\n\n \u001b[31m✖ red\u001b[39m a < b & "c"\u001b[2m ── dim\u001b[0m\n'
  expect(readBack(picture(ansi, 'title'))).toEqual(['bold  two   gaps', '', ' ✖ red a < b & "c" ── dim'])
})

test('a colour beyond the sixteen is refused, not guessed', () => {
  expect(() => picture('\u001b[45mx', 't')).toThrow('SGR 45')
})

test('the picture of the README shows a failover to its end', () => {
  const shown = readBack(readFileSync(join(import.meta.dirname, '../../../docs/img/chaos.svg'), 'utf8')).join('\n')
  expect(shown).toMatch(/✔ fault +✔ lease over +✔ new leader +✔ promoted +✔ proxy up +✔ first write/)
})
