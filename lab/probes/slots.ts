/** The replication slots of every server: which there are, who uses them, and how far they have come. */
import type {Slot} from '../history/slot.ts'
import {slotOfMember} from '../topology/slots.ts'
import {type HostName, hostsWith} from '../topology/topology.ts'
import {lsnBytes} from '../words/lsn.ts'
import {Connection} from './connection.ts'
import {isDown} from './down.ts'
import {every} from './every.ts'
import type {Probe, ProbeSite} from './probe.ts'

const periodMs = 250
const repeatAfterMicros = 2_000_000

const question = `SELECT slot_name, slot_type, plugin, database, active, restart_lsn, confirmed_flush_lsn, wal_status
  FROM pg_replication_slots ORDER BY slot_name`

type Row = [string, Slot['type'], string | null, string | null, boolean, string | null, string | null, string | null]

/**
 * Asks four times a second: each answer is an event where there are slots, since a slot may be gone for a moment only; that there are
 * none is told when it changes, and every two seconds. The slots through which members
 * follow each other are left out: they move all the time, and nobody else reads from them. The probe `postgres` tells whether
 * anybody answers.
 */
export const slots: Probe = {
  name: 'slots',
  async run(on) {
    const members = hostsWith(on.lab.topology, 'patroni')
    await Promise.all(members.map(host => watch(on, host, new Set(members.map(slotOfMember)))))
  },
}

async function watch(on: ProbeSite, host: HostName, ofMembers: ReadonlySet<string>): Promise<void> {
  using line = new Connection(on.lab.superuser(host))
  const hangUp = () => line.hangUp('the run is over')
  on.signal.addEventListener('abort', hangUp, {once: true})
  let last: {what: string; at: number} | undefined
  await every(periodMs, on, async () => {
    if (isDown(on, host)) return
    const askedAt = on.now()
    let rows: Row[]
    try {
      rows = await line.ask<Row>('slots', question)
    } catch {
      return // it is down: asked again
    }
    const now = on.now()
    const seen = rows.filter(([name]) => !ofMembers.has(name)).map(decodeSlot)
    const what = JSON.stringify(seen)
    if (on.signal.aborted || (seen.length === 0 && what === last?.what && now - last.at < repeatAfterMicros)) return
    last = {what, at: now}
    on.record({kind: 'slots', host, askedAt, slots: seen}, now)
  })
  on.signal.removeEventListener('abort', hangUp)
}

function decodeSlot([name, type, plugin, database, active, restart, confirmed, walStatus]: Row): Slot {
  const position = (lsn: string | null) => (lsn === null ? null : lsnBytes(lsn))
  return {
    ...{name, type, plugin, database, active, walStatus},
    restart: position(restart),
    confirmed: position(confirmed),
  }
}
