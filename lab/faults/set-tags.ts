/** The operator tags a member in its own patroni.yml, e.g. `nofailover: true`. The mend gives it its own tags again. */

import {z} from 'zod'
import type {Fault} from '../breaking/fault.ts'
import {clusterWith} from '../breaking/one-cluster.ts'
import {layOver, stillOver} from '../breaking/patroni-overlay.ts'
import {patiently, prove} from '../breaking/prove.ts'
import {strikeOn} from '../breaking/strike.ts'
import type {Config} from '../cluster/patroni-api.ts'
import {patroniKeys} from '../cluster/patroni-keys.ts'
import {openShell} from '../cluster/shell.ts'

const params = z.strictObject({
  tags: z
    .record(z.string().min(1), z.union([z.boolean(), z.int(), z.string()]), {
      error: '`tags` is a mapping such as {nofailover: true}',
    })
    .refine(tags => Object.keys(tags).length > 0, '`tags` names no tag: write {nofailover: true}, for example'),
})

type Params = z.output<typeof params>

export const setTags: Fault<Params> = {
  area: 'the operator',
  about:
    'Tags a member in its own configuration, e.g. {nofailover: true}, {noloadbalance: true}, {failover_priority: 2}',
  neverDrawn: "an operator's decision: what comes of it is intended",
  params,
  strikes: ({tags}, {on}) => ({...strikeOn(on, null), sets: {tags}}),

  async inject(on, {tags}) {
    const {lab, hosts, signal} = on
    await using shells = new AsyncDisposableStack()
    const open = await Promise.all(hosts.map(async host => shells.use(await openShell(lab, host))))
    for (const host of hosts) {
      await on.mend({do: 'reset-tags', host}, stillOver(host, 'tags', {tags}))
      on.again(host, async () => {
        await using shell = await openShell(lab, host)
        await shell.run(layOver('tags', {tags}))
      })
    }
    await on.broke(() => Promise.all(open.map(shell => shell.run(layOver('tags', {tags})))))
    for (const host of hosts)
      await prove(
        on,
        patiently(async () => {
          const shown = (await patroniKeys(clusterWith(lab, [host]), signal)).members[host]?.tags ?? {}
          return {holds: shows(shown, tags), says: `the cluster sees ${host} with the tags ${JSON.stringify(shown)}`}
        }),
        {limitMs: 2 * lab.topology.patroni.loopWaitSeconds * 1000 + 10_000, everyMs: 100},
      )
  },
}

/** Patroni leaves out the tags of its own that are false (Patroni 4.0, `tags.py: _filter_tags`). */
export function shows(shown: Config, wanted: Config): boolean {
  return Object.entries(wanted).every(([tag, value]) => (shown[tag] ?? false) === value)
}
