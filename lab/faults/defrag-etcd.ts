/**
 * The operator defragments etcd, one member after the other: a member writes its database anew and answers nobody meanwhile. So that
 * there is something to give back, values are put and deleted, and the history compacted, before that. Nothing to mend.
 */
import {z} from 'zod'
import type {Fault} from '../breaking/fault.ts'
import {Shells} from '../breaking/paths.ts'
import type {Seen} from '../breaking/prove.ts'
import {strikeOn} from '../breaking/strike.ts'
import {services} from '../topology/services.ts'
import type {HostName} from '../topology/topology.ts'
import {sayBytes} from '../words/quantity.ts'

const params = z.strictObject({})

type Params = z.output<typeof params>

export const defragEtcd: Fault<Params> = {
  area: 'the operator',
  about:
    'etcd is defragmented, on one host of `on` after the other, as its guide has it: a third of its quota was put, deleted and compacted before that',
  neverDrawn: 'it takes nothing from etcd but an answer for less than a second',
  params,
  strikes: (_, {on}) => strikeOn(on, null),

  async inject({lab, hosts, signal, broke, proof}) {
    await using shells = await Shells.open(lab, hosts)
    const on = async (host: HostName, script: string) =>
      (await shells.run(one => (one === host ? script : null))).get(host) ?? ''
    for (const host of hosts) {
      if (signal.aborted) return
      await on(host, usedScript)
      const before = sizeIn(await on(host, sizeScript))
      const said = await broke(() => on(host, defragScript))
      const {holds, says} = judgeDefrag(host, before, sizeIn(await on(host, sizeScript)), said)
      proof(holds, says)
    }
  },
}

const own = `export ETCDCTL_ENDPOINTS=$(sed -n 's/^advertise-client-urls: *//p' ${services.etcd.configuration} | tr -d '"')`

/** Values as large as etcd takes, gone again whatever becomes of one of them. */
const usedScript = `${own}
n=0
while [ $n -lt 20 ]; do n=$((n + 1)); head -c 1000000 /dev/zero | etcdctl put pgha-lab-fill/$n > /dev/null || break; done
etcdctl del --prefix pgha-lab-fill/ > /dev/null || exit
etcdctl compact --physical "$(etcdctl endpoint status -w fields | sed -n 's/^"Revision" : //p')" > /dev/null`

const sizeScript = `${own}
etcdctl endpoint status -w fields | sed -n 's/^"DBSize" : //p'`

/** How long it took, in milliseconds. */
const defragScript = `${own}
from=$(date +%s%N)
etcdctl --command-timeout=30s defrag > /dev/null || exit
echo $((($(date +%s%N) - from) / 1000000))`

/** Bytes; NaN: it did not say. */
function sizeIn(printed: string): number {
  return Number.parseInt(printed, 10)
}

/** @param took what the script printed. */
export function judgeDefrag(host: HostName, before: number, after: number, took: string): Seen {
  const sizes = `${sayBytes(before)} before and ${sayBytes(after)} after`
  if (!(after < before)) return {holds: false, says: `the file of etcd on ${host} has given nothing back: ${sizes}`}
  return {holds: true, says: `etcd on ${host} was defragmented in ${took.trim()} ms: its file has ${sizes}`}
}
