/** What the screens say can be read, whatever background the terminal has. */
import {expect, test, vi} from 'vitest'

// chalk reads it once, when it is loaded; as `screen.tsx` has it.
vi.hoisted(() => {
  process.env.FORCE_COLOR = '1'
})

const {renderToString} = await import('ink')
const {lookOf} = await import('../../../cli/ui/look.ts')
const {ProgressScreen} = await import('../../../cli/ui/progress-screen.tsx')
const {RunScreen} = await import('../../../cli/ui/run-screen.tsx')
const {view} = await import('../../../cli/ui/view.ts')
const {painted} = await import('./painted.ts')
const {contrast, faint, palettes} = await import('./palettes.ts')
const {storyUntil} = await import('./story.ts')
const {scenes, shoot} = await import('./watch-shots.tsx')

/** WCAG 2.2 for large text and for what is no text; what nobody can read is far below. */
const letters = 3
/** A sign has its word beside it: it only has to be seen. */
const sign = 1.5
/** Whoever has chosen little contrast for all text has as little for what is faint. */
const ofPlain = 0.5

const names = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white']
const codes = new Map([...names, ...names.map(name => `bright ${name}`)].map((name, index) => [name, index]))

const modes = [{}, {asking: true}, {interrupted: true}, {paused: 'step 2: kill'}, {finished: true}].map(mode => ({
  help: 0,
  log: true,
  asking: false,
  interrupted: false,
  finished: false,
  ...mode,
}))

function everything(): readonly string[] {
  const watch = Object.values(scenes).flatMap(scene => [
    shoot({...scene, columns: 120, rows: 40}),
    shoot({...scene, columns: 60, rows: 14}),
  ])
  const bad = shoot({
    ...{columns: 120, rows: 40, state: {preview: {words: ['x'], lines: ['no'], destroys: false, refused: true}}},
  })
  const alarm = shoot({
    ...{columns: 120, rows: 40},
    facts: {
      quorum: {led: 1, silent: 0, members: 3, needed: 2, isLost: true, alarms: ['x']},
      notice: {says: 'it failed', tone: 'bad'},
      doing: null,
    },
  })
  const runs = [5, 20, 30, 41].flatMap(at =>
    modes.map(mode =>
      renderToString(
        <RunScreen
          look={lookOf(false)}
          view={view(storyUntil(at))}
          now={at * 1e6}
          columns={120}
          rows={40}
          spin={0}
          mode={mode}
        />,
        {columns: 120},
      ),
    ),
  )
  const step = {says: 'so far', beganMs: 0, endedMs: 10}
  const up = renderToString(
    <ProgressScreen
      look={lookOf(false)}
      finished={[
        {...step, name: 'a', state: 'done', fraction: null},
        {...step, name: 'b', state: 'failed', fraction: null},
      ]}
      running={[{...step, name: 'c', state: 'running', fraction: 0.4}]}
      nowMs={10}
      columns={100}
      rows={30}
      spin={0}
    />,
    {columns: 100},
  )
  return [...watch, bad, alarm, ...runs, up]
}

const shown = everything().flatMap(painted)

test('letters are read on every background: what has a colour, and what is faint', () => {
  const seen = new Set<string>()
  for (const {style, text} of shown) {
    if (!/[\p{L}\p{N}]/u.test(text)) continue
    const words = style.split(' ')
    const color = [...codes.keys()].filter(name => style.includes(name)).at(-1)
    seen.add(color ?? 'plain')
    for (const [name, {foreground, background, colors}] of Object.entries(palettes)) {
      const full = color === undefined ? foreground : colors[codes.get(color)!]!
      const drawn = words.includes('dim') ? faint(full, background) : full
      const least = Math.min(letters, ofPlain * contrast(foreground, background))
      expect(contrast(drawn, background), `${style}: ${JSON.stringify(text)} in ${name}`).toBeGreaterThanOrEqual(least)
    }
  }
  expect(seen).toEqual(new Set(['plain', 'bright red']))
})

test('signs are seen on every background', () => {
  const seen = new Set<string>()
  for (const {style, text} of shown) {
    const color = [...codes.keys()].filter(name => style.includes(name)).at(-1)
    if (color === undefined || /[\p{L}\p{N}]/u.test(text)) continue
    seen.add(color)
    for (const [name, {background, colors}] of Object.entries(palettes))
      expect(contrast(colors[codes.get(color)!]!, background), `${color} in ${name}`).toBeGreaterThanOrEqual(sign)
  }
  expect([...seen]).toEqual(expect.arrayContaining(['green', 'yellow', 'cyan', 'bright red']))
})

test('the measure is WCAG’s, and it refuses what nobody can read', () => {
  expect(contrast('000000', 'ffffff')).toBeCloseTo(21, 5)
  expect(contrast('777777', 'ffffff')).toBeCloseTo(4.48, 2)
  const of = (palette: string, color: string) =>
    contrast(palettes[palette]!.colors[codes.get(color)!]!, palettes[palette]!.background)
  for (const color of ['green', 'yellow', 'cyan']) expect(of('xterm, light', color)).toBeLessThan(letters)
  expect(of('xterm, dark', 'blue')).toBeLessThan(letters)
  expect(of('Ubuntu', 'red')).toBeLessThan(letters)
})
