/**
 * Patroni hangs and stops feeding its watchdog, while PostgreSQL goes on taking writes: the watchdog counts down and resets the
 * host. What follows is for the checks to say: a watchdog that does not bite is a finding, not a fault that did not take hold.
 */
import {setTimeout as sleep} from 'node:timers/promises'
import {z} from 'zod'
import type {Fault} from '../breaking/fault.ts'
import {stillStopped} from '../breaking/lasting.ts'
import {find, statesOf} from '../breaking/processes.ts'
import {prove} from '../breaking/prove.ts'
import {strikeOn} from '../breaking/strike.ts'
import {openShell, type Shell} from '../cluster/shell.ts'
import {parseWatchdogLine} from '../cluster/watchdog-line.ts'
import type {HostName} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import {timeLimit, undoLater} from '../words/time-limit.ts'

/** Beyond a loop_wait: the next keepalive is overdue by so much when the countdown counts as seen. */
const overdueSeconds = 1
/** Between two questions; each starts programs on a host that is being measured. */
const askEveryMs = 100

export const freezeWatchdog: Fault<{limit: number}> = {
  area: 'the machine and its programs',
  about:
    'Patroni hangs (SIGSTOP) and stops feeding the watchdog of its host, which counts down and resets the host. Patroni goes on by itself after its `limit` (3m unless given).',
  neverDrawn: 'it resets the host, which ends the fault by itself',
  params: z.strictObject({limit: timeLimit}),
  needs: () => ['watchdog'],
  limitMs: ({limit}) => limit,
  strikes: (_, {on}) => strikeOn(on, 'patroni-frozen'),

  async inject(on, {limit}) {
    const {lab, hosts, mend, broke} = on
    await using shells = new AsyncDisposableStack()
    const struck = await Promise.all(
      hosts.map(async host => {
        const shell = shells.use(await openShell(lab, host))
        const {silentSeconds} = await askWatchdog(shell, host)
        if (silentSeconds === null)
          throw new LabError('no-target', `the watchdog of ${host} is not armed: only the leader's Patroni feeds one`, {
            hint: 'write `on: leader`',
          })
        return {host, shell, pid: await find(shell, host, 'patroni')}
      }),
    )
    for (const {host, pid} of struck) await mend({do: 'resume-processes', host}, stillStopped(host, 'patroni', [pid]))
    await Promise.all(struck.map(({shell, pid}) => shell.run(undoLater(limit, `resume-processes ${pid}`))))
    await broke(() => Promise.all(struck.map(({shell, pid}) => shell.run(`kill -STOP ${pid}`))))

    const {loopWaitSeconds} = lab.topology.patroni
    const overdueMs = (loopWaitSeconds + overdueSeconds) * 1000
    await Promise.all(
      struck.map(({host, shell, pid}) =>
        prove(
          on,
          async () => {
            await sleep(askEveryMs)
            const {silentSeconds, timeoutSeconds} = await askWatchdog(shell, host)
            const stopped = (await statesOf(shell, [pid])).get(pid) === 'T'
            const silent = silentSeconds ?? 0
            return {
              holds: stopped && silent * 1000 > overdueMs,
              says: `Patroni of ${host} is ${stopped ? '' : 'not '}stopped, and its watchdog, last fed ${silent.toFixed(1)} s ago, ${
                silentSeconds === null ? 'is not armed' : `resets the host in ${(timeoutSeconds - silent).toFixed(1)} s`
              }`,
            }
          },
          // The last keepalive came up to a loop_wait before Patroni was stopped.
          overdueMs + 5000,
        ),
      ),
    )
  },
}

/** It tells its state to whoever connects. */
async function askWatchdog(shell: Shell, host: HostName) {
  const said = parseWatchdogLine(await shell.run('socat -u UNIX-CONNECT:/run/watchdog/events STDOUT | head -n 1'))
  if (said === null)
    throw new LabError('no-target', `the watchdog of ${host} does not answer`, {
      hint: `look for its end in the host's log`,
    })
  return said
}
