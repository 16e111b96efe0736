/**
 * What the commands show on a terminal, for a dynamic import: Ink and React cost a quarter of a second to load. Ask
 * `hasScreen()` of `terminal.ts` before.
 *
 * React and chalk read their settings once, when they are loaded. Without `NODE_ENV=production` a long-running screen
 * leaks an entry per render (react#35761); and chalk neither knows NO_COLOR nor looks at stderr, where we draw. Both
 * variables are put back, as the programs that we start must not inherit them.
 */
import {color} from './terminal.ts'

const before = {NODE_ENV: process.env.NODE_ENV, FORCE_COLOR: process.env.FORCE_COLOR}
process.env.NODE_ENV = 'production'
// No more than the sixteen colours of the terminal: those its owner has chosen.
process.env.FORCE_COLOR = color(process.stderr) ? '1' : '0'

export const {showProgress, showReplay, showRun} = await import('./draw.tsx')
export const {newAsked, showWatch} = await import('./draw-watch.tsx')

for (const [name, value] of Object.entries(before)) {
  if (value === undefined) delete process.env[name]
  else process.env[name] = value
}
