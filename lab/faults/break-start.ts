/**
 * PostgreSQL dies and cannot start again: something in its data directory that it needs for that is wrong. What is changed is kept
 * beside the data directory, and put back by the mend or by the host itself. Whether another leads then is for the checks to say.
 */

import {z} from 'zod'
import type {Fault, FaultSite} from '../breaking/fault.ts'
import {aroundFailover, oneOfPostgres} from '../breaking/in-storms.ts'
import type {Still} from '../breaking/lasting.ts'
import {clusterWith} from '../breaking/one-cluster.ts'
import {find} from '../breaking/processes.ts'
import {patiently, prove, type Seen} from '../breaking/prove.ts'
import {strikeOn} from '../breaking/strike.ts'
import {type MemberKey, patroniKeys} from '../cluster/patroni-keys.ts'
import {openShell, type Shell} from '../cluster/shell.ts'
import type {HostName} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import {timeLimit, undoLater} from '../words/time-limit.ts'

const data = '/data/postgresql/main'
/** Both known to images/host/bin/repair-postgres; the second tells whether the data directory is the same one still. */
const kept = '/data/pgha-lab-unstartable'
const mark = `${data}/pgha-lab-unstartable`

/** A change of a file, of which the mend puts the copy back. */
const changed = (file: string, change: string) => `mkdir -p $(dirname ${kept}/changed/${file})
cp -p ${data}/${file} ${kept}/changed/${file}
${change}`
/** ALTER SYSTEM writes this file, which goes before all others. */
const setting = (line: string) =>
  changed('postgresql.auto.conf', `printf '%s\\n' "${line}" >> ${data}/postgresql.auto.conf`)

/** Each as a script for the host, in which PostgreSQL stands still. */
const breaks = {
  configuration: setting('pgha_lab_no_such_parameter = on'),
  library: setting("shared_preload_libraries = 'pgha_lab_no_such_library'"),
  // Within its last members, before the checksum: it is of all of them.
  'control-file': changed(
    'global/pg_control',
    `printf pgha-lab | dd of=${data}/global/pg_control bs=1 seek=264 conv=notrunc 2> /dev/null`,
  ),
  // Without it nothing can be replayed from the last checkpoint.
  wal: `segment=$(pg_controldata ${data} | sed -n "s/^Latest checkpoint's REDO WAL file: *//p")
mkdir -p ${kept}/missing/pg_wal
mv ${data}/pg_wal/$segment ${kept}/missing/pg_wal/`,
} as const

type Broken = keyof typeof breaks
const kinds = Object.keys(breaks) as Broken[]

const params = z.strictObject({
  what: z.enum(kinds, {error: `\`what\` is one of ${kinds.join(', ')}`}),
  limit: timeLimit,
})

type Params = z.output<typeof params>

export const breakStart: Fault<Params> = {
  area: 'the machine and its programs',
  about:
    'PostgreSQL is killed and cannot start again: for a wrong line in its configuration, a library that is not there, a corrupt control file or missing WAL, until it is mended or its `limit` (3m unless given) is over',
  params,
  limitMs: ({limit}) => limit,
  strikes: (_, {on}) => strikeOn(on, null),

  storm: {
    lines: [
      {
        on: ['leader', 'replica'],
        // PostgreSQL says PANIC where WAL is missing, which no storm may find.
        params: [{what: 'configuration'}, {what: 'library'}, {what: 'control-file'}],
        ...{heals: true, impairs: oneOfPostgres, holdMs: aroundFailover},
      },
    ],
  },

  async inject(on, {what, limit}) {
    const {lab, hosts, mend, broke} = on
    await using shells = new AsyncDisposableStack()
    const struck = await Promise.all(
      hosts.map(async host => {
        const shell = shells.use(await openShell(lab, host))
        const pid = await find(shell, host, 'postgres')
        if (what === 'wal') await mustBePrimary(shell, host)
        return {host, shell, pid}
      }),
    )
    for (const host of hosts) await mend({do: 'repair-postgres', host}, stillUnstartable(host))
    await Promise.all(struck.map(({shell}) => shell.run(undoLater(limit, 'repair-postgres'))))
    let endsAt = 0
    for (const host of hosts) again(on, host, () => endsAt)
    await broke(() => {
      endsAt = on.now() + limit * 1000 // `broke` may wait for the right moment
      return Promise.all(struck.map(({shell, pid}) => shell.run(breakScript(what, pid))))
    })
    await Promise.all(
      struck.map(({host, shell, pid}) =>
        prove(
          on,
          patiently(async () => {
            const {members} = await patroniKeys(clusterWith(lab, [host]), on.signal)
            const runs = (await shell.run(`if [ -e /proc/${pid} ]; then echo yes; fi`)).trim() === 'yes'
            return judgeStart(host, runs, members[host])
          }),
          // Patroni looks once a loop, and may first try to recover it in single-user mode.
          {limitMs: 2 * lab.topology.patroni.loopWaitSeconds * 1000 + 20_000, everyMs: 100},
        ),
      ),
    )
  },
}

/** What lies on the disk outlives a restart of the host; the sleeper that would end it does not. */
function again(on: FaultSite, host: HostName, endsAt: () => number): void {
  on.again(host, async () => {
    await using shell = await openShell(on.lab, host)
    await shell.run(undoLater(Math.max(1000, (endsAt() - on.now()) / 1000), 'repair-postgres'))
  })
}

async function mustBePrimary(shell: Shell, host: HostName): Promise<void> {
  if ((await shell.run(`if [ -e ${data}/standby.signal ]; then echo replica; fi`)).trim() !== 'replica') return
  throw new LabError('no-target', `${host} is a replica, which gets missing WAL from its leader`, {
    hint: '`on: leader`, or another `what`',
  })
}

/** All at once, as far as PostgreSQL can see: it stands still, and is dead when it would go on. */
export function breakScript(what: Broken, pid: number): string {
  return `set -e
kill -STOP ${pid} $(pgrep -P ${pid})
trap 'kill -KILL ${pid} $(pgrep -P ${pid})' EXIT
rm -rf ${kept}
mkdir -p ${kept}
: > ${mark}
chown postgres: ${mark}
${breaks[what]}`
}

/** By Patroni's own word, once a loop (`postgresql/__init__.py: start`). */
export function judgeStart(host: HostName, runs: boolean, member: MemberKey | undefined): Seen {
  const state = member?.state ?? null
  if (runs) return {holds: false, says: `PostgreSQL on ${host} has not died`}
  return {
    holds: state === 'start failed',
    says: `PostgreSQL on ${host} is dead, and its Patroni says of it: ${state ?? 'nothing'}`,
  }
}

/** Where the data directory lacks the mark, Patroni may have rewound it or made it anew: then nobody knows. */
function stillUnstartable(host: HostName): Still {
  const script = `if [ ! -e ${mark} ]; then echo anew; elif [ -d ${kept} ]; then echo kept; fi`
  return async sight => {
    const seen = (await sight.run(host, script)).trim()
    if (seen === 'anew') throw new LabError('engine', `the data directory of ${host} is another, and why is not known`)
    return seen === 'kept' ? null : `what PostgreSQL on ${host} needs to start was put back`
  }
}
