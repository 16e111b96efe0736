/** Sets the clock of Patroni wrong, and of Patroni only: PostgreSQL and etcd on the same host go by the right one. */
import {z} from 'zod'
import type {Fault, FaultSite} from '../breaking/fault.ts'
import {oneOfPostgres, seconds} from '../breaking/in-storms.ts'
import {stillReads} from '../breaking/lasting.ts'
import {find, untilUp} from '../breaking/processes.ts'
import {prove, type Seen} from '../breaking/prove.ts'
import {strikeOn} from '../breaking/strike.ts'
import {openShell, type Shell} from '../cluster/shell.ts'
import type {HostName} from '../topology/topology.ts'
import {shift} from '../words/schemas.ts'

interface Params {
  /** Milliseconds; ahead when positive. */
  readonly by: number
}

/** Patroni says its time in whole seconds. */
const coarseMs = 1000
/** More than a right clock can seem to be off, see `judgeClock`. */
const leastMs = 5000
/** A new Patroni answers 2 s after its start; on a busy machine that takes longer. */
const withinMs = 30_000
const answersWithinMs = 2000

export const skewClock: Fault<Params> = {
  area: 'resources',
  about:
    "Sets the wall clock of a host's Patroni ahead (`by: +60s`) or back (`by: -2h`), and of nothing else there. For that Patroni is killed and started again, which by itself changes nothing in the cluster: PostgreSQL runs on.",
  params: z.strictObject({
    by: shift.refine(ms => Math.abs(ms) >= leastMs, 'a clock is set by 5s at least: less could not be proven'),
  }),
  needs: () => ['faketime'],
  strikes: (_, {on}) => strikeOn(on, null),

  storm: {
    lines: [
      {
        ...{on: ['replica'], params: ['+60s', '-60s', '+2h'].map(by => ({by})), heals: true},
        ...{impairs: oneOfPostgres, holdMs: seconds(5, 15), place: 23},
      },
    ],
  },

  async inject(on, {by}) {
    const {lab, hosts, mend, broke, again} = on
    await using shells = new AsyncDisposableStack()
    const skewed = await Promise.all(
      hosts.map(async host => {
        const shell = shells.use(await openShell(lab, host))
        await find(shell, host, 'patroni')
        return {host, shell}
      }),
    )
    for (const host of hosts)
      await mend({do: 'set-clock', host}, stillReads(host, clockFile, skewOf(by), 'the time that was set for Patroni'))
    await broke(() => Promise.all(skewed.map(({shell}) => shell.run(skewScript(by)))))
    for (const host of hosts)
      again(host, async () => {
        await using shell = await openShell(lab, host)
        await shell.run(`${untilUp('patroni')}\n${skewScript(by)}`) // before that, the host still empties its /run
      })
    await Promise.all(
      skewed.map(({host, shell}) =>
        prove(on, async () => judgeClock(host, by, await clocks(on, host, shell)), withinMs),
      ),
    )
  },
}

const clockFile = '/run/pgha-lab/clock'
const skewOf = (byMs: number) => `${byMs < 0 ? '-' : '+'}${Math.abs(byMs) / 1000}`

/** `-k`: SIGKILL, upon which the supervisor starts it again. A Patroni that is asked to stop would stop PostgreSQL, too. */
export function skewScript(byMs: number): string {
  return `mkdir -p /run/pgha-lab
echo '${skewOf(byMs)}' > ${clockFile}
s6-svc -k /run/service/patroni`
}

interface Clocks {
  /** What the host's `date` prints: whole seconds since 1970. */
  readonly hosts: string
  /** Undefined while it does not answer. */
  readonly patronis: string | undefined
}

/** The host's time, and then Patroni's own idea of it, which is in the Date of its REST API's answers (`http.server`). */
async function clocks({lab, signal}: FaultSite, host: HostName, shell: Shell): Promise<Clocks> {
  const hosts = await shell.run('date -u +%s')
  const answer = await lab.ask(host, 'patroni', '/patroni', {withinMs: answersWithinMs, signal}).catch(() => undefined)
  return {hosts, patronis: answer?.date}
}

export function judgeClock(host: HostName, byMs: number, {hosts, patronis}: Clocks): Seen {
  if (patronis === undefined) return {holds: false, says: `Patroni of ${host} does not tell the time yet`}
  const offMs = Date.parse(patronis) - Number(hosts) * 1000
  const off = `${offMs < 0 ? '-' : '+'}${Math.abs(offMs) / 1000} s`
  return {
    // The answer took up to 2 s, and both are cut to whole seconds.
    holds: offMs >= byMs - coarseMs && offMs <= byMs + 3 * coarseMs,
    says: `Patroni of ${host} says that it is ${patronis}: ${off} off that host's clock`,
  }
}
