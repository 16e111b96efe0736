/** Why a screen reader gets plain lines and not Ink's own mode for one, and that no command draws without having asked. */
import {globSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {PassThrough} from 'node:stream'
import {render} from 'ink'
import {expect, test} from 'vitest'
import {lookOf} from '../../../cli/ui/look.ts'
import {hasScreen} from '../../../cli/ui/terminal.ts'
import {WatchScreen} from '../../../cli/ui/watch-screen.tsx'
import {calm} from '../../../cli/ui/watch-state.ts'
import {factsOf, scenes} from './watch-shots.tsx'

const cli = join(import.meta.dirname, '../../../cli')

test('in Ink\u2019s mode for screen readers one second that is counted down reads the whole screen again', async () => {
  const stdout = Object.assign(new PassThrough(), {columns: 80, rows: 24, isTTY: true}) as unknown as NodeJS.WriteStream
  let read = ''
  stdout.on('data', chunk => {
    read += String(chunk)
  })
  const facts = factsOf(scenes['leader-gone']!)
  const screen = (now: number) => (
    <WatchScreen {...facts} now={now} look={lookOf(false)} columns={80} rows={24} state={calm} spin={0} />
  )
  const shown = render(screen(20e6), {stdout, isScreenReaderEnabled: true, interactive: true, patchConsole: false})
  await shown.waitUntilRenderFlush()
  read = ''
  shown.rerender(screen(21e6))
  await shown.waitUntilRenderFlush()
  const again = read
  shown.unmount()
  for (const word of ['Members', 'node3', 'quorum', 'crash took hold', 'help']) expect(again).toContain(word)
})

test('what turns that mode on is what turns the screen off', () => {
  const ink = readFileSync(join(import.meta.dirname, '../../../node_modules/ink/build/ink.js'), 'utf8')
  expect(ink).toContain("process.env['INK_SCREEN_READER'] === 'true'")
  const tty = {isTTY: true}
  expect(hasScreen(tty, {TERM: 'xterm', INK_SCREEN_READER: 'true'}, () => true)).toBe(false)
  expect(hasScreen(tty, {TERM: 'xterm', INK_SCREEN_READER: 'false'}, () => true)).toBe(true)
})

test('every file that draws asks before, or is reached from one alone that does', () => {
  const files = globSync('**/*.{ts,tsx}', {cwd: cli}).filter(file => !file.startsWith('ui/'))
  const text = new Map(files.map(file => [file, readFileSync(join(cli, file), 'utf8')]))
  const drawing = files.filter(file => /ui\/(screen|draw|draw-watch)\.tsx/.test(text.get(file)!))
  expect(drawing.length).toBeGreaterThan(3)
  const asks = (file: string) => /!?hasScreen\(\)/.test(text.get(file)!)
  for (const file of drawing.filter(one => !asks(one))) {
    const from = files.filter(one => text.get(one)!.includes(`${file.replace(/.*\//, '/')}'`) && one !== file)
    expect(
      from.filter(one => /watch/.test(one)),
      file,
    ).toEqual(['commands/watch.ts'])
    expect(asks('commands/watch.ts')).toBe(true)
  }
})
