/** What a fault would hit, for whoever is about to do it. */
import type {Preview} from '../../lab/index.ts'
import {ms} from '../../lab/inside/start.ts'

/** A line each: what, whom, for how long, what it means to clients, and what is gone for good. */
export function previewLines({
  says,
  hosts,
  from,
  leader,
  limitMs,
  destroys,
  outage,
  keepsKey,
}: Preview): readonly string[] {
  const rows: readonly (readonly [string, string | null])[] = [
    ['hits', hosts.map(host => (host === leader ? `${host} (leader)` : host)).join(', ')],
    ['from', from?.join(', ') ?? null],
    [
      'lasts',
      limitMs === null
        ? 'until it is healed, where it does not end with the blow'
        : `until it is healed, at most ${ms(limitMs)}`,
    ],
    ['model', modelSays(outage, keepsKey)],
    ['for good', destroys === null ? null : `${destroys}: no healing brings it back`],
  ]
  return [says, ...rows.flatMap(([label, text]) => (text === null ? [] : [`  ${label.padEnd(8)} ${text}`]))]
}

/** In whole seconds, as the moments of a failover are told on the screen. */
function modelSays(outage: Preview['outage'], keepsKey: string | null): string | null {
  if (outage === null) return keepsKey === null ? null : `no failover is expected: ${keepsKey}`
  const [least, most] = outage
  return `${Math.round(least / 1e6)}-${Math.ceil(most / 1e6)} s until clients can write again: least and most`
}
