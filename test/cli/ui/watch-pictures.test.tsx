/**
 * The screen of `watch` in each state at each size, as stored: `vitest -u` stores it anew, and the difference is there to be looked at.
 * Without colours here; `watch-colors.test.tsx` has them.
 */
import {expect, test, vi} from 'vitest'

// chalk reads it once, when it is loaded.
vi.hoisted(() => {
  process.env.FORCE_COLOR = '0'
})

const {calm} = await import('../../../cli/ui/watch-state.ts')
const {newAsked, showWatch} = await import('../../../cli/ui/draw-watch.tsx')
const {fakeTerminal} = await import('./fake-terminal.ts')
const {factsOf, scenes, shoot, sizes} = await import('./watch-shots.tsx')

const pictures = sizes.flatMap(([columns, rows]) => Object.keys(scenes).map(scene => [scene, columns, rows] as const))

function mustFit(picture: string, columns: number, rows: number): void {
  const lines = picture.split('\n')
  expect(lines).toHaveLength(rows - 1)
  for (const line of lines) expect([...line].length, line).toBeLessThanOrEqual(columns)
}

test.each(pictures)('%s at %d x %d is as it is stored, and within the terminal', async (scene, columns, rows) => {
  const picture = shoot({...scenes[scene], columns, rows})
  expect(picture).not.toContain('\u001b')
  mustFit(picture, columns, rows)
  await expect(`${picture}\n`).toMatchFileSnapshot(`pictures/${scene}.${columns}x${rows}.txt`)
})

test.each(pictures)(
  '%s at %d x %d in ASCII is as it is stored, and within the terminal',
  async (scene, columns, rows) => {
    const picture = shoot({...scenes[scene], columns, rows, ascii: true})
    expect(picture).toMatch(/^[ -~\n]*$/)
    mustFit(picture, columns, rows)
    await expect(`${picture}\n`).toMatchFileSnapshot(`pictures/${scene}.${columns}x${rows}.ascii.txt`)
  },
)

const until = (holds: () => void) => vi.waitFor(holds, {timeout: 5000, interval: 30})
const trimmed = (text: string) => text.split('\n').map(line => line.trimEnd())

test.each(sizes)(
  'at %d x %d each state is drawn over the one before it without a trace of that',
  async (columns, rows) => {
    const terminal = fakeTerminal(columns, rows)
    const asked = newAsked()
    let scene = 'healthy'
    const shown = showWatch(asked, {read: () => factsOf(scenes[scene]!), onAct() {}, onInterrupt() {}}, terminal.on)
    try {
      // There and back: each of them over one that is longer, and one that is shorter.
      for (const next of [...Object.keys(scenes), ...Object.keys(scenes).reverse()]) {
        scene = next
        asked.state = {...calm, ...scenes[next]!.state}
        const wanted = trimmed(shoot({...scenes[next], columns, rows}))
        await until(() => expect(withoutSpinner(trimmed(terminal.shows()))).toEqual(withoutSpinner(wanted)))
      }
    } finally {
      await shown.done()
    }
  },
)

/** The one thing that differs from frame to frame. */
function withoutSpinner(lines: readonly string[]): readonly string[] {
  return lines.map(line => line.replaceAll(/[\u2800-\u28ff]/g, '*'))
}

test('a window that is made smaller and larger shows each size as it is stored', async () => {
  const terminal = fakeTerminal(200, 50)
  const shown = showWatch(
    newAsked(),
    {read: () => factsOf(scenes['leader-gone']!), onAct() {}, onInterrupt() {}},
    terminal.on,
  )
  try {
    for (const [columns, rows] of [...sizes, ...sizes.toReversed()]) {
      terminal.resize(columns, rows)
      const wanted = trimmed(shoot({...scenes['leader-gone'], columns, rows}))
      await until(() => expect(trimmed(terminal.shows())).toEqual(wanted))
    }
  } finally {
    await shown.done()
  }
})
