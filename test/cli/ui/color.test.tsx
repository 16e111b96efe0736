import {expect, test, vi} from 'vitest'

// chalk reads it once, when it is loaded.
vi.hoisted(() => {
  process.env.FORCE_COLOR = '3'
})

const {renderToString} = await import('ink')
const {RunScreen} = await import('../../../cli/ui/run-screen.tsx')
const {lookOf} = await import('../../../cli/ui/look.ts')
const {view} = await import('../../../cli/ui/view.ts')
const {storyUntil} = await import('./story.ts')

const mode = {help: 0, log: true, asking: false, interrupted: false, finished: false}

test.each([5, 20, 30, 41])('%d s into the run only the terminal’s sixteen colours are used, and no background', at => {
  const shot = renderToString(
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
  )
  const codes = new Set([...shot.matchAll(/\x1b\[([0-9;]*)m/g)].map(([, code]) => code))
  expect(codes.size).toBeGreaterThan(3)
  for (const code of codes) expect(code).toMatch(/^(0|1|2|22|39|3[0-7]|9[0-7])$/)
})
