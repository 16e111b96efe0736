/**
 * The operator changes a setting of PgBouncer and lets it read its file (RELOAD), and may let it connect to its server anew
 * (RECONNECT): clients stay connected, and each connection to the server ends when nobody is in the middle of something on it. The
 * setting is put back at once, in the same way. Nothing to mend.
 */
import {z} from 'zod'
import type {Fault} from '../breaking/fault.ts'
import {Shells} from '../breaking/paths.ts'
import {prove, type Seen} from '../breaking/prove.ts'
import {strikeOn} from '../breaking/strike.ts'
import {appDatabase, type HostName, portNumber} from '../topology/topology.ts'

const params = z.strictObject({reconnect: z.boolean({error: '`reconnect` is true or false'}).default(false)})

type Params = z.output<typeof params>

export const reloadPgbouncer: Fault<Params> = {
  area: 'the operator',
  about:
    'PgBouncer of each host of `on` reads a changed setting (RELOAD), and then the former one again; with `reconnect` it connects to its server anew (RECONNECT)',
  neverDrawn: 'it takes nothing from anybody',
  params,
  strikes: (_, {on}) => strikeOn(on, null),

  async inject(on, {reconnect}) {
    const {lab, hosts, broke} = on
    await using shells = await Shells.open(lab, hosts)
    const port = portNumber(lab.topology, 'pgbouncer')
    const connected = () => shells.run(() => serversScript(port))
    const before = await connected()
    const said = await broke(() => shells.run(() => reloadScript(port, reconnect)))
    for (const host of hosts) {
      const pids = before.get(host) ?? ''
      const look = async () => {
        const reload = judgeReload(host, said.get(host) ?? '')
        return reconnect && reload.holds ? judgeReconnect(reload, pids, (await connected()).get(host) ?? '') : reload
      }
      await prove(on, look, {limitMs: reconnect ? reconnectsWithinMs : 0, everyMs: 100})
    }
  },
}

/** It ends a connection when its transaction does. */
const reconnectsWithinMs = 10_000

/** Its own user gets in through its socket without a password. Columns are found by their names: releases have others. */
const asking = (port: number) => `ask() {
  s6-setuidgid postgres psql --no-psqlrc --no-align --quiet -h /run/pgha-lab/pgbouncer -p ${port} -U pgbouncer -c "$1" pgbouncer
}
column() { awk -F '|' -v of="$1" -v is="$2" -v wanted="$3" '
  NR == 1 { for (i = 1; i <= NF; i++) { if ($i == of) a = i; if ($i == wanted) b = i } }
  NR > 1 && $a == is { print $b }'; }`

/** The pids of the server's ends of its connections, one a line. */
const serversScript = (port: number) => `${asking(port)}
ask 'SHOW SERVERS' | column database ${appDatabase} remote_pid`

const setting = 'query_wait_timeout'
const file = '/run/pgha-lab/pgbouncer/pgbouncer.ini'

/** Prints what it is set to before, meanwhile and at the end, a line each. The former value is put back whatever is said to the other. */
const reloadScript = (port: number, reconnect: boolean) => `${asking(port)}
now() { ask 'SHOW CONFIG' | column key ${setting} value; }
set_to() { sed -i "s/^${setting} = .*/${setting} = $1/" ${file} && ask RELOAD > /dev/null; }
former=$(sed -n 's/^${setting} = //p' ${file})
now
set_to "$((\${former%.*} + 7))"
now
set_to "$former" || exit
now
${reconnect ? 'ask RECONNECT > /dev/null' : ''}`

export function judgeReload(host: HostName, printed: string): Seen {
  const [before = '', meanwhile = '', after = ''] = printed.trim().split('\n')
  const says = `PgBouncer on ${host} had ${setting} ${before}, ${meanwhile} after a RELOAD and ${after} after another`
  return {holds: before !== '' && meanwhile !== '' && meanwhile !== before && after === before, says}
}

/** @param before pids, one a line; `after`: the same, later. */
export function judgeReconnect({says}: Seen, before: string, after: string): Seen {
  const pids = (printed: string) => printed.split('\n').filter(line => line !== '')
  const now = pids(after)
  const old = pids(before).filter(pid => now.includes(pid))
  if (pids(before).length === 0) return {holds: false, says: `${says}; it had no connection to its server to make anew`}
  if (old.length > 0)
    return {holds: false, says: `${says}; ${old.length} of its connections to the server are the old ones`}
  return {
    holds: true,
    says: `${says}; after a RECONNECT none of its ${pids(before).length} connections to the server is an old one`,
  }
}
