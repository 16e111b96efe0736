import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {afterEach, expect, test, vi} from 'vitest'
import {type Shown, showReplay} from '../../../cli/ui/draw.tsx'
import {replayKeys} from '../../../cli/ui/keys.ts'
import {Player} from '../../../cli/ui/player.ts'
import {fakeTerminal} from './fake-terminal.ts'
import {story} from './story.ts'

let shown: Shown | undefined
afterEach(() => shown?.done())

/** Time stands still but for what the keys do. */
function replay(columns = 80, rows = 24) {
  const terminal = fakeTerminal(columns, rows)
  const player = new Player(story(), 1, () => 0)
  const onQuit = vi.fn()
  shown = showReplay(player, {onQuit}, terminal.on)
  const press = async (...inputs: string[]) => {
    for (const input of inputs) {
      terminal.keyboard.write(input)
      await sleep(60)
    }
  }
  return {...terminal, player, onQuit, press, shown}
}

const [left, right, up, down] = ['\u001b[D', '\u001b[C', '\u001b[A', '\u001b[B']
const until = (holds: () => void) => vi.waitFor(holds, {timeout: 3000, interval: 20})

test('the arrows go through the run, and the screen shows what was there', async () => {
  const {press, shows} = replay()
  await until(() => expect(shows()).toContain('1x 0:00/'))
  await press(right, right, right, right)
  await until(() => expect(shows()).toMatch(/NO WRITES for 13\.\d s/))
  expect(shows()).toContain('1x 0:20/')
  await press(left, left, left)
  await until(() => expect(shows()).not.toContain('NO WRITES'))
  expect(shows()).toContain('1x 0:05/')
})

test('up and down change the speed, the space bar pauses', async () => {
  const {press, shows} = replay()
  await press(up, up)
  await until(() => expect(shows()).toContain('4x 0:00/'))
  await press(down, ' ')
  await until(() => expect(shows()).toContain('paused 2x 0:00/'))
})

test('q leaves without a question, and so does Ctrl-C', async () => {
  const {press, onQuit} = replay()
  await press('q')
  expect(onQuit).toHaveBeenCalledTimes(1)
  await press('\u0003')
  expect(onQuit).toHaveBeenCalledTimes(2)
})

test('the footer, the ? page and the manual name every key of the table', async () => {
  const {press, shows} = replay()
  const manual = readFileSync(join(import.meta.dirname, '../../../docs/how/many-runs.md'), 'utf8')
  await until(() => expect(shows()).toContain('q quit'))
  // How fast it goes has no room on 80 columns.
  for (const key of replayKeys.filter(({name}) => name !== 'up' && name !== 'down'))
    expect(shows()).toContain(`${key.name} ${key.short}`)
  await press('?')
  await until(() => expect(shows()).toContain(replayKeys[0]!.about))
  for (const key of replayKeys) {
    expect(shows()).toContain(key.about)
    expect(manual).toContain(`| ${key.name} | ${key.about} |`)
  }
  await press('\u001b', 'l')
  await until(() => expect(shows()).not.toContain('── Log'))
})

test('what stays on the terminal tells of the whole run, wherever it was left', async () => {
  const {shown, shows, screen} = replay()
  await until(() => expect(shows()).toContain('q quit'))
  await shown.done()
  expect(shows()).toMatch(/✔ kill-leader was played in 0:4\d, longest pause between writes 2[12]\.\d\d s/)
  expect(screen.cursorShown).toBe(true)
})

test.each([
  [10, 2],
  [20, 5],
  [50, 12],
  [60, 20],
  [80, 24],
  [120, 40],
])('at %i columns and %i rows nothing is wider than the terminal, paused at the slowest', async (columns, rows) => {
  const {press, screen} = replay(columns, rows)
  await press(right, down, down, down, ' ')
  await sleep(200)
  // The terminal of these tests throws for a line that is too wide.
  expect(Math.max(...screen.lines.map(line => [...line].length))).toBeLessThanOrEqual(columns)
  expect(screen.lines.length).toBeLessThanOrEqual(rows)
})
