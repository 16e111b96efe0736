/** What a fault would hit, for whoever is about to do it. */
import type {Preview} from '../../lab/index.ts'
import {ms, sayMicros} from '../../lab/inside/start.ts'

/** A line each: what, whom, for how long, what it means to clients, and what is gone for good. */
export function previewLines({says, hosts, from, leader, limitMs, destroys, outage}: Preview): readonly string[] {
  const rows: readonly (readonly [string, string | null])[] = [
    ['hits', hosts.map(host => (host === leader ? `${host} (leader)` : host)).join(', ')],
    ['from', from?.join(', ') ?? null],
    [
      'lasts',
      limitMs === null
        ? 'until it is healed, where it does not end with the blow'
        : `until it is healed, at most ${ms(limitMs)}`,
    ],
    [
      'model',
      outage === null ? null : `${sayMicros(outage[0])} to ${sayMicros(outage[1])} until clients can write again`,
    ],
    ['for good', destroys === null ? null : `${destroys}: no healing brings it back`],
  ]
  return [says, ...rows.flatMap(([label, text]) => (text === null ? [] : [`  ${label.padEnd(8)} ${text}`]))]
}
