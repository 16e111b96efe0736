/** What each host has logged last, for a pane that is filtered and scrolled. No terminal in it. */
import type {HostName, Micros} from '../../lab/index.ts'

export interface HostLine {
  readonly nth: number
  readonly at: Micros
  readonly text: string
}

/** Of each host; older ones are forgotten, so that a screen may be left open. */
const mostLines = 1000

export class HostLogs {
  readonly #lines = new Map<HostName, HostLine[]>()
  #told = 0

  hear(host: HostName, at: Micros, text: string): void {
    const lines = this.#lines.get(host) ?? []
    this.#lines.set(host, lines)
    lines.push({nth: ++this.#told, at, text})
    // By the half, so that not every line moves all others.
    if (lines.length > mostLines) lines.splice(0, lines.length - mostLines / 2)
  }

  of(host: HostName): readonly HostLine[] {
    return this.#lines.get(host) ?? []
  }
}

/**
 * The part of a log that is seen.
 * @param back how many lines it is scrolled back from its end.
 */
export function seen<L>(
  lines: readonly L[],
  textOf: (line: L) => string,
  {filter, back, rows}: {readonly filter: string; readonly back: number; readonly rows: number},
): {readonly lines: readonly L[]; readonly back: number} {
  const wanted = filter.toLowerCase()
  const all = wanted === '' ? lines : lines.filter(line => textOf(line).toLowerCase().includes(wanted))
  const most = Math.max(0, all.length - rows)
  const from = Math.min(back, most)
  const end = all.length - from
  return {lines: all.slice(Math.max(0, end - rows), end), back: from}
}
