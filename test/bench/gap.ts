/**
 * Whether the gaps that we measure are the gaps that the servers' own logs tell:
 *
 *     node test/bench/gap.ts [times, 3] [lab, bench-gap]
 *
 * Plays kill-leader with pgbench beside the writers, and has all statements of the clients' role logged. Two gaps are compared with
 * the logs of the two leaders (`%m`, whole milliseconds; all hosts have one clock):
 *
 * - pgbench's, as the relay saw it. Its END is a simple query, which PostgreSQL stamps when the commit is done: this is the target.
 * - the writers', between the same two writes. An INSERT of theirs is stamped when it has been carried out (extended protocol),
 *   and the commit and its fsync, for which an acknowledgement waits, come after that: so this one has a commit more in it, and
 *   the first commit of a new leader is a slow one.
 */
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {sql} from '../../lab/cluster/sql.ts'
import {streaming} from '../../lab/cluster/streaming.ts'
import {findFailover} from '../../lab/history/failover.ts'
import {of} from '../../lab/history/history.ts'
import {Docker, loadHistory, openLab} from '../../lab/index.ts'
import {roles} from '../../lab/topology/topology.ts'
import {expectExit, pghaLab} from '../live/cli.ts'

const targetMs = 20
const times = Number(process.argv[2] ?? 3)
const name = process.argv[3] ?? 'bench-gap'

try {
  await expectExit(0, ['up', '--name', name, '--profile', 'fast'])
  const lab = openLab(new Docker(), name)
  const cluster = await streaming(lab)
  if (typeof cluster === 'string') throw new Error(cluster)
  // Goes to the replicas with the WAL, and to each session when it begins.
  await sql(lab, cluster.primary, `ALTER ROLE ${roles.app} SET log_min_duration_statement = 0`)
  const apart: {pgbench: number; writers: number}[] = []
  for (let round = 1; round <= times; round++) {
    const {stdout, stderr} = await pghaLab(['chaos', 'kill-leader', '--clients', 'pgbench', '--name', name, '--json'])
    if (String(stdout) === '') throw new Error(String(stderr))
    const {folder, verdict} = JSON.parse(String(stdout)) as {folder: string; verdict: string}
    const {pgbench, writers} = await compared(folder)
    apart.push({pgbench: pgbench.oursMs - pgbench.logsMs, writers: writers.oursMs - writers.logsMs})
    console.log(`${round}: ${verdict}; pgbench ${say(pgbench)}; writers ${say(writers)}; ${folder}`)
  }
  const worst = Math.max(...apart.map(one => Math.abs(one.pgbench)))
  console.log(`ours minus the logs', median and worst (n=${apart.length}):`)
  console.log(`  pgbench ${spread(apart.map(one => one.pgbench))}; target ${targetMs} ms`)
  console.log(`  writers ${spread(apart.map(one => one.writers))}, with the commits in it`)
  process.exitCode = worst <= targetMs ? 0 : 1
} finally {
  await expectExit(0, ['down', '--name', name])
}

interface Gap {
  readonly oursMs: number
  readonly logsMs: number
}

function say({oursMs, logsMs}: Gap): string {
  return `${oursMs.toFixed(1)} ms, by the logs ${logsMs} ms (${(oursMs - logsMs).toFixed(1)})`
}

function spread(values: readonly number[]): string {
  const sorted = values.map(Math.abs).toSorted((a, b) => a - b)
  return `${sorted[Math.floor(sorted.length / 2)]?.toFixed(1)} ms, ${sorted.at(-1)?.toFixed(1)} ms`
}

async function compared(folder: string): Promise<{pgbench: Gap; writers: Gap}> {
  const history = await loadHistory(join(folder, 'events.ndjson'))
  const found = findFailover(history)
  if (typeof found === 'string' || found.firstWrite?.kind !== 'op') throw new Error(`no failover in ${folder}`)
  const {firstWrite, t0} = found
  const [oldLeader, newLeader] = [given(found.oldLeader, 'the old leader'), given(found.newLeader, 'the new leader')]
  const zeroMs = Date.parse(of(history, 'run-started')[0]?.startedAt ?? '')
  const [old, young] = [logged(folder, oldLeader), logged(folder, newLeader)]

  const writes = of(history, 'op').filter(one => one.op === 'write' && one.outcome === 'ok')
  const last = writes.findLast(one => one.at < firstWrite.at)!
  const stampOf = (log: Logged, id: number) => given(log.inserts.find(one => one.id === id)?.atMs, `write ${id}`)
  const commits = of(history, 'transaction').filter(one => one.op === 'write' && one.outcome === 'ok')
  const after = given(
    commits.find(one => one.sentAt > t0 && one.server === newLeader),
    'a transaction after the fault',
  )
  const before = given(
    commits.findLast(one => one.at < after.at),
    'a transaction before it',
  )
  // The END of which we were told: the last one stamped before its answer came, give or take the stamp's millisecond.
  const endBefore = (log: Logged, at: number) =>
    given(
      log.ends.findLast(ms => ms <= zeroMs + at / 1000 + 1),
      'its END',
    )
  return {
    pgbench: {oursMs: (after.at - before.at) / 1000, logsMs: endBefore(young, after.at) - endBefore(old, before.at)},
    writers: {oursMs: (firstWrite.at - last.at) / 1000, logsMs: stampOf(young, firstWrite.id) - stampOf(old, last.id)},
  }
}

function given<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`${what} was not found`)
  return value
}

/** Moments in ms since 1970, by the wall clock of the server. */
interface Logged {
  /** The writers' INSERTs, by the id that is their second parameter. */
  readonly inserts: readonly {readonly id: number; readonly atMs: number}[]
  /** pgbench's commits. */
  readonly ends: readonly number[]
}

function logged(folder: string, host: string): Logged {
  const [inserts, ends]: [{id: number; atMs: number}[], number[]] = [[], []]
  let open = false
  for (const line of readFileSync(join(folder, 'logs', `${host}.log`), 'utf8').split('\n')) {
    const [, day, time, words] =
      /postgres \| (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d{3}) UTC \[\d+\] app@\S+ (.*)$/.exec(line) ?? []
    if (words === undefined) continue
    const atMs = Date.parse(`${day}T${time}Z`)
    if (/^LOG: +duration: .* statement: END;$/.test(words)) ends.push(atMs)
    // The statement, and in the next line of the same session what it was given.
    const [, id] = /^DETAIL: +parameters: \$1 = '[^']*', \$2 = '(\d+)'/i.exec(words) ?? []
    if (open && id !== undefined) inserts.push({id: Number(id), atMs})
    open = /^LOG: +duration: .* execute \w+: INSERT /.test(words)
  }
  return {inserts, ends}
}
