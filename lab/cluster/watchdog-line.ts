/** What the watchdog of a host says of itself (images/host/bin/watchdog), in the container's log and to those who follow it. */
export interface WatchdogLine {
  readonly state: 'idle' | 'armed' | 'running' | 'disarmed' | 'fired'
  /** Wall clock of the host, ms since 1970, with microseconds. */
  readonly atMs: number
  readonly timeoutSeconds: number
  /** Since the last keepalive; null when it is not armed. */
  readonly silentSeconds: number | null
  /** Stamp and state as written: the same line is told in the log and to followers. */
  readonly key: string
}

const line =
  /^(?:watchdog \| )?((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})(\d{3})Z (idle|armed|running|disarmed|fired)) timeout=(\d+) silent=(-|\d+\.\d+)/

/** Null for any other line. */
export function parseWatchdogLine(text: string): WatchdogLine | null {
  const match = line.exec(text)
  if (match === null) return null
  const [, key = '', millis, micros, state, timeout, silent] = match
  return {
    state: state as WatchdogLine['state'],
    atMs: Date.parse(`${millis}Z`) + Number(micros) / 1000,
    timeoutSeconds: Number(timeout),
    silentSeconds: silent === '-' ? null : Number(silent),
    key,
  }
}
