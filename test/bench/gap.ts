/**
 * Whether the gap that a report measures is the gap that the servers' own logs tell:
 *
 *     node test/bench/gap.ts [times, 3] [lab, bench-gap]
 *
 * Plays kill-leader while the clients' role has its statements logged. The report measures from the last acknowledged write to the
 * first one afterwards, on the clients' clock mapped on ours. The same two writes are looked up in the logs of the two leaders:
 * PostgreSQL stamps a statement when it has carried it out (`%m`, whole milliseconds); the commit, which is what is acknowledged,
 * and its fsync come after that. All hosts have one clock. Beside it stands the gap from the last INSERT in the old log to the
 * first in the new one: the last may be one that nobody was told of any more. A machine whose disk is busy with something else
 * makes commits slow, and so the two sides differ.
 */
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {findFailover} from '../../lab/failover.ts'
import {type History, of} from '../../lab/history.ts'
import {Docker, loadHistory, openLab} from '../../lab/index.ts'
import {streaming} from '../../lab/probes/streaming.ts'
import {sql} from '../../lab/sql.ts'
import {roles} from '../../lab/topology.ts'
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
  const apart: number[] = []
  for (let round = 1; round <= times; round++) {
    const {stdout, stderr} = await pghaLab(['chaos', 'kill-leader', '--name', name, '--json'])
    if (String(stdout) === '') throw new Error(String(stderr))
    const {folder, verdict} = JSON.parse(String(stdout)) as {folder: string; verdict: string}
    const found = compared(folder)
    const agreed = found.reportMs - (found.sameMs ?? found.logsMs)
    apart.push(Math.abs(agreed))
    console.log(
      `${round}: ${verdict}; gap by the report ${found.reportMs.toFixed(1)} ms, by the logs ${found.sameMs ?? '?'} ms between the same writes, ` +
        `${found.logsMs} ms from the last INSERT to the first, apart ` +
        `${agreed.toFixed(1)} ms (before it ${found.beforeMs.toFixed(1)}, after it ${found.afterMs.toFixed(1)}); ` +
        `acknowledged after the log's stamp: ${found.ackMs}; ${folder}`,
    )
  }
  const sorted = apart.toSorted((a, b) => a - b)
  const worst = sorted.at(-1) ?? Number.NaN
  console.log(
    `report and logs are apart by: median ${sorted[Math.floor(sorted.length / 2)]?.toFixed(1)} ms, ` +
      `worst ${worst.toFixed(1)} ms (n=${sorted.length}); target ${targetMs} ms`,
  )
  process.exitCode = worst <= targetMs ? 0 : 1
} finally {
  await expectExit(0, ['down', '--name', name])
}

interface Compared {
  readonly reportMs: number
  readonly logsMs: number
  /** By the logs' stamps of the very writes that the report measures between; null when one of them is not in the logs. */
  readonly sameMs: number | null
  /** How much later the report has the last write before the gap, and the first after it, than the logs. */
  readonly beforeMs: number
  readonly afterMs: number
  /** Of all acknowledged writes that are in the logs: how long after its stamp the acknowledgement came. */
  readonly ackMs: string
}

function compared(folder: string): Compared {
  const history = loadHistory(join(folder, 'events.ndjson'))
  const found = findFailover(history)
  if (typeof found === 'string' || found.firstWrite?.kind !== 'op') throw new Error(`no failover in ${folder}`)
  const {oldLeader, firstWrite, newLeader} = found
  const writes = of(history, 'op').filter(one => one.op === 'write' && one.outcome === 'ok')
  const last = writes.findLast(one => one.at < firstWrite.at)
  if (last?.server !== oldLeader || firstWrite.server !== newLeader) throw new Error(`an odd failover in ${folder}`)

  const zeroMs = Date.parse(of(history, 'run-started')[0]?.startedAt ?? '')
  const old = insertsIn(folder, oldLeader)
  const young = insertsIn(folder, newLeader)
  const [lastLogged, firstLogged] = [old.at(-1), young[0]]
  if (lastLogged === undefined || firstLogged === undefined) throw new Error(`no INSERT in the logs of ${folder}`)
  const before = old.find(({id}) => id === last.id)
  const after = young.find(({id}) => id === firstWrite.id)
  return {
    reportMs: (firstWrite.at - last.at) / 1000,
    logsMs: firstLogged.atMs - lastLogged.atMs,
    sameMs: before === undefined || after === undefined ? null : after.atMs - before.atMs,
    beforeMs: zeroMs + last.at / 1000 - lastLogged.atMs,
    afterMs: zeroMs + firstWrite.at / 1000 - firstLogged.atMs,
    ackMs: acknowledgedAfter(history, [...old, ...young], zeroMs),
  }
}

function acknowledgedAfter(history: History, logged: readonly Insert[], zeroMs: number): string {
  const stamps = new Map(logged.map(({id, atMs}) => [id, atMs]))
  const after = of(history, 'op')
    .flatMap(one => {
      const stamp = one.op === 'write' && one.outcome === 'ok' ? stamps.get(one.id) : undefined
      return stamp === undefined ? [] : [zeroMs + one.at / 1000 - stamp]
    })
    .toSorted((a, b) => a - b)
  const at = (share: number) => after[Math.floor(share * (after.length - 1))]?.toFixed(1)
  return `median ${at(0.5)} ms, 1 % ${at(0.01)}, 99 % ${at(0.99)} (n=${after.length})`
}

interface Insert {
  readonly id: number
  /** Wall clock of the server, ms since 1970. */
  readonly atMs: number
}

/** The clients' INSERTs in the log of a host, with the id that is their second parameter, in the order of the log. */
function insertsIn(folder: string, host: string): Insert[] {
  const found: Insert[] = []
  let open = false
  for (const line of readFileSync(join(folder, 'logs', `${host}.log`), 'utf8').split('\n')) {
    const [, day, time, words] =
      /postgres \| (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d{3}) UTC \[\d+\] app@\S+ (.*)$/.exec(line) ?? []
    if (words === undefined) continue
    const [, id] = /^DETAIL: +parameters: \$1 = '[^']*', \$2 = '(\d+)'/i.exec(words) ?? []
    // The statement, and in the next line of the same session what it was given.
    if (open && id !== undefined) found.push({id: Number(id), atMs: Date.parse(`${day}T${time}Z`)})
    open = /^LOG: +duration: .* execute \w+: INSERT /.test(words)
  }
  return found
}
