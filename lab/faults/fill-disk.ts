/** Fills the data volume of a host, which must be one of a limited size: never the person's own disk. */
import {z} from 'zod'
import type {Fault} from '../breaking/fault.ts'
import {stillPrints} from '../breaking/lasting.ts'
import {prove} from '../breaking/prove.ts'
import {strikeOn} from '../breaking/strike.ts'
import {openShell, type Shell} from '../cluster/shell.ts'
import {raiseAgain} from '../state/state.ts'
import type {HostName} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import {beside, next} from '../words/next-step.ts'
import {size} from '../words/schemas.ts'

interface Params {
  /** Bytes left free; none unless given. */
  readonly leave?: number | undefined
}

export const fillDisk: Fault<Params> = {
  area: 'resources',
  about:
    "Fills the volume of PostgreSQL's data and WAL, to the last byte or but for `leave`. Only in a lab with `postgresql.data_size`, whose hosts have a data volume of a limited size; etcd has another one and is not hit. What PostgreSQL deletes afterwards is free again.",
  neverDrawn:
    'PostgreSQL answers a full WAL volume with PANIC, and a data volume of limited size is lost with its host',
  params: z.strictObject({leave: size.optional()}),
  needs: () => ['limited-disk'],
  strikes: (_, {on}) => ({...strikeOn(on, null), full: on}),

  async inject(on, {leave = 0}) {
    const {lab, hosts, mend, broke} = on
    await using shells = new AsyncDisposableStack()
    const full = await Promise.all(
      hosts.map(async host => {
        const shell = shells.use(await openShell(lab, host))
        await mustBeLimited(shell, host, lab.name)
        return {host, shell}
      }),
    )
    for (const host of hosts)
      await mend(
        {do: 'free-disk', host},
        stillPrints(host, `if [ -s ${fill} ]; then echo yes; fi`, 'yes', `what filled the volume of ${host} is gone`),
      )
    await Promise.all(full.map(({shell}) => shell.run(fillScript(leave + spareBytes)))) // nobody misses this much yet
    await broke(() => Promise.all(full.map(({shell}) => shell.run(fillScript(leave)))))
    await Promise.all(
      full.map(({host, shell}) =>
        prove(on, async () => {
          const free = Number(await shell.run(freeScript))
          return {holds: free <= leave, says: `the data volume of ${host} has ${free} bytes free`}
        }),
      ),
    )
  },
}

const fill = '/data/pgha-lab-fill'
/** Hundreds of megabytes take a while to fill; these do not. */
const spareBytes = 16 * 1024 * 1024

async function mustBeLimited(shell: Shell, host: HostName, lab: string): Promise<void> {
  const kind = await shell.run('if mountpoint -q /data; then stat -f -c %T /data; fi')
  if (kind.trim() === 'tmpfs') return
  throw new LabError('no-target', `the data of ${host} is on this machine's own disk, which is never filled`, {
    hint: next`in a new lab: ${raiseAgain(lab, beside(lab), '--set', 'postgresql.data_size=512MB')}`,
  })
}

/** Bytes that anybody but root may still write. */
export const freeScript = `set -- $(stat -f -c '%a %S' /data); echo $(($1 * $2))`

/**
 * Takes all but so much. To the last byte it writes until there is no more: PostgreSQL writes meanwhile. Either may end with
 * "no space left", which is what is wanted; the proof looks at what is free.
 */
export function fillScript(leaveBytes: number): string {
  const bulk = `free=$(${freeScript})
have=$(stat -c %s ${fill} 2> /dev/null || echo 0)
if [ $free -gt ${leaveBytes} ]; then fallocate -o $have -l $((free - ${leaveBytes})) ${fill} 2> /dev/null || true; fi`
  return leaveBytes > 0 ? bulk : `${bulk}\ncat /dev/zero >> ${fill} 2> /dev/null || true`
}
