/** Any event of a history as one line of words: for evidence, where no event may be left out for want of a sentence. */
import type {Attempt} from '../../lab/history/attempts.ts'
import type {Event, Of} from '../../lab/history/event.ts'
import {isWritable} from '../../lab/history/failover.ts'
import {sayEvent} from '../../lab/judge/story.ts'
import {printable} from '../../lab/words/printable.ts'
import {sayMicros} from '../../lab/words/quantity.ts'
import {toJsonLine} from '../../lab/words/spelled-json.ts'

export function sayEvidence(event: Event): string {
  return printable(ofItsKind(event) ?? sayEvent(event) ?? fieldsOf(event))
}

function ofItsKind(event: Event): string | null {
  switch (event.kind) {
    case 'op':
      return sayOperation(event, `${event.op} ${event.id}`, event.lsn)
    case 'bank':
      return sayOperation(event, `${event.op} ${event.id}`, event.lsn)
    case 'transaction':
      return sayOperation(event, `a transaction (${event.op})`, null)
    case 'postgres':
      return sayServer(event)
    case 'patroni':
      return event.code === null
        ? `Patroni on ${event.host} does not answer`
        : `Patroni on ${event.host}: ${event.role ?? 'no role'}, ${event.state ?? 'no state'}, timeline ${event.timeline ?? '?'}`
    case 'proxy':
      return `${event.proxy}: ${event.server} is ${event.status} in backend ${event.backend} (${event.check})`
    case 'fault-injected':
      return `${event.id}: the call that breaks returned`
    case 'final-rows':
      return `${event.host} holds ${rows(event)} rows on timeline ${event.timeline}, ${event.duplicates.length} of them twice`
    default:
      return null
  }
}

const outcomes = {ok: 'was acknowledged', fail: 'failed', unknown: 'got no answer'} as const

function sayOperation(
  {client, sentAt, at, outcome, server, timeline, sqlstate, error}: Attempt | Of<'bank'>,
  what: string,
  lsn: number | null,
): string {
  const by =
    server === null ? '' : ` by ${server} on timeline ${timeline ?? '?'}${lsn === null ? '' : ` at ${sayLsn(lsn)}`}`
  const why =
    outcome === 'ok' ? '' : `: ${[sqlstate, error].filter(part => part !== null).join(' ') || 'no reason given'}`
  return `${what} of ${client} ${outcomes[outcome]}${by} after ${sayMicros(at - sentAt)}${why}`
}

function sayServer(event: Of<'postgres'>): string {
  const {host, up, error, inRecovery, timeline, lsn, receiver} = event
  if (!up) return `PostgreSQL on ${host} does not answer (${error ?? 'no reason given'})`
  const where = `timeline ${timeline ?? '?'}${lsn === null ? '' : ` at ${sayLsn(lsn)}`}`
  if (inRecovery) return `${host} is a replica, ${where}, ${receiver === null ? 'streams from nobody' : receiver}`
  return isWritable(event) ? `${host} takes writes on ${where}` : `${host} is a primary that is read-only, ${where}`
}

/** As PostgreSQL writes it: `0/20EA3F8`. */
export function sayLsn(bytes: number): string {
  return `${Math.floor(bytes / 2 ** 32).toString(16)}/${(bytes % 2 ** 32).toString(16)}`.toUpperCase()
}

function rows({ranges}: Of<'final-rows'>): number {
  return ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0)
}

function fieldsOf({at: _, kind, ...fields}: Event): string {
  const told = Object.entries(fields).map(
    ([name, value]) => `${name} ${typeof value === 'string' ? value : toJsonLine(value)}`,
  )
  return `${kind}: ${told.join(', ')}`
}
