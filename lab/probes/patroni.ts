/** What each host's Patroni says about itself. */
import type {Of} from '../history/event.ts'
import {type HostName, hostsWith} from '../topology/topology.ts'
import type {Micros} from '../words/quantity.ts'
import {every} from './every.ts'
import type {Probe, ProbeSite} from './probe.ts'
import {Watching} from './watching.ts'

type PatroniSeen = Omit<Of<'patroni'>, 'at'>

/**
 * 4 times a second and on a connection of its own each time: Patroni's server has a backlog of 5 and few threads, and
 * polling it harder or holding connections open changes what HAProxy sees.
 */
const periodMs = 250
const withinMs = 1000
const repeatAfterMicros = 1_000_000

/** GET /patroni on every host; an event on every change and at least once a second. */
export const patroni: Probe = {
  name: 'patroni',
  async run(on) {
    await Promise.all(hostsWith(on.lab.topology, 'patroni').map(host => watch(on, host)))
  },
}

async function watch(on: ProbeSite, host: HostName): Promise<void> {
  using watching = new Watching(on, 'patroni', host)
  let last: {what: string; at: Micros} | undefined
  await every(periodMs, on, async () => {
    const askedAt = on.now()
    let seen: PatroniSeen
    try {
      const {code, body} = await on.lab.ask(host, 'patroni', '/patroni', {withinMs, signal: on.signal})
      seen = decodePatroni(host, code, body, on.now() - askedAt)
      watching.sample(true)
    } catch (error) {
      // Why the host did not answer makes no difference to anybody, but that it was asked does.
      if (!watching.unanswered(error)) return
      seen = silent(host, on.now() - askedAt)
    }
    const {code, role, state, timeline, streaming, paused, pendingRestart, tags} = seen
    const what = JSON.stringify([code, role, state, timeline, streaming, paused, pendingRestart, tags])
    const now = on.now()
    if (last?.what === what && now - last.at < repeatAfterMicros) return
    last = {what, at: now}
    on.record(seen, now)
  })
}

/** The body of GET /patroni (Patroni 3 and 4, `api.py: get_postgresql_status, _write_status_response`); what it does not say is null. */
export function decodePatroni(host: HostName, code: number, body: string, tookMicros: Micros): PatroniSeen {
  let said: unknown
  try {
    said = JSON.parse(body)
  } catch {
    said = null // an error page; the code tells enough
  }
  const answer = record(said)
  const xlog = record(answer.xlog)
  const streaming = Array.isArray(answer.replication) ? answer.replication.map(record) : []
  return {
    kind: 'patroni',
    host,
    code,
    role: text(answer.role),
    state: text(answer.state),
    timeline: number(answer.timeline),
    lsn: number(xlog.location) ?? number(xlog.replayed_location),
    streaming: streaming
      .map(one => ({
        name: text(one.application_name) ?? '',
        state: text(one.state) ?? '',
        sync: text(one.sync_state) ?? '',
      }))
      .toSorted((a, b) => a.name.localeCompare(b.name)), // Patroni's order is that of pg_stat_replication: any
    tookMicros,
    ...(text(answer.state) === null ? {} : flags(answer)),
  }
}

/** Patroni says only what is so; an answer that is none of Patroni's says nothing either way, and they stay away. */
function flags(answer: Record<string, unknown>): Required<Pick<PatroniSeen, 'paused' | 'pendingRestart' | 'tags'>> {
  return {
    paused: answer.pause === true,
    pendingRestart: answer.pending_restart === true,
    tags: record(answer.tags),
  }
}

function silent(host: HostName, tookMicros: Micros): PatroniSeen {
  return {
    kind: 'patroni',
    host,
    code: null,
    role: null,
    state: null,
    timeline: null,
    lsn: null,
    streaming: [],
    tookMicros,
  }
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

function number(value: unknown): number | null {
  return typeof value === 'number' ? value : null
}
