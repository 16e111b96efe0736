/** What `up` and `chaos` say where there is no terminal: one line per thing. Ink and React are never loaded for it. */
import type {Event, Progress} from '../../lab/index.ts'
import {printable} from '../../lab/inside/start.ts'
import {emptyView, fold} from './view.ts'

/** Details come by the dozen; a log needs only a sign of life. */
const detailEveryMs = 5000

/** `write` gets whole lines, with their line break. */
export function plainProgress(write: (line: string) => void, nowMs: () => number = () => performance.now()): Progress {
  const zero = nowMs()
  const began = new Map<string, number>()
  let toldMs = Number.NEGATIVE_INFINITY
  const line = (says: string) => write(`[+${((nowMs() - zero) / 1000).toFixed(1)} s] ${printable(says)}\n`)
  const took = (step: string) => `(${((nowMs() - (began.get(step) ?? zero)) / 1000).toFixed(1)} s)`
  return ({step, state, says, fraction}) => {
    switch (state) {
      case 'begin':
        began.set(step, nowMs())
        toldMs = nowMs()
        return line(`${step} ...`)
      case 'detail': {
        if (nowMs() - toldMs < detailEveryMs) return
        toldMs = nowMs()
        const percent = fraction === undefined ? [] : [`${Math.round(fraction * 100)} %`]
        return line(`${step}: ${[...percent, ...(says ? [says] : [])].join(', ')}`)
      }
      case 'done':
        return line(`${step} ... done ${took(step)}${says ? `: ${says}` : ''}`)
      case 'failed':
        return line(`${step} ... FAILED ${took(step)}${says ? `: ${says}` : ''}`)
    }
  }
}

/** The notable lines of a run as they happen; returns how to stop. */
export function plainRun(
  write: (line: string) => void,
  history: {events: readonly Event[]; subscribe(listener: (event: Event) => void): () => void},
): () => void {
  let view = emptyView
  const tell = (event: Event) => {
    const before = view.lines.at(-1)
    view = fold(view, event)
    const line = view.lines.at(-1)
    if (line !== undefined && line !== before) write(`[+${(line.at / 1_000_000).toFixed(2)} s] ${line.says}\n`)
  }
  history.events.forEach(tell)
  return history.subscribe(tell)
}
