/** Mends inside a host, by its own tools. A host that is down has nothing to mend inside: its kernel state went with it. */

import {takeOff} from '../breaking/patroni-overlay.ts'
import type {Lab} from '../engine/lab.ts'
import type {HostName} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import {next, onLab} from '../words/next-step.ts'

/** @throws LabError `engine` with what the host said. */
export async function insideHost(lab: Lab, host: HostName, script: string): Promise<void> {
  const {id, state} = await lab.container(host)
  if (state === 'paused')
    throw new LabError('engine', `${host} is frozen, and nothing can be mended inside it`, {
      hint: next`to thaw it first: ${onLab(lab.name, 'heal')}`,
    })
  if (state !== 'running') return
  const {code, err} = await lab.engineOf(host).run(id, ['sh', '-c', script])
  if (code !== 0) throw new LabError('engine', `${host} said: ${err.trim().split('\n').at(-1) ?? `exit code ${code}`}`)
}

export const undo = {
  startService: (service: string) => `start-service ${service}`,
  resumeProcesses: 'resume-processes',
  openNetwork: (cut: string) =>
    `nft delete table inet pgha_lab_${cut} 2>&1 || ! nft list table inet pgha_lab_${cut} >&2`,
  unslowNetwork: 'unslow-network',
  resumeReplay: takeOff('replay'),
  freeDisk: 'rm -f /data/pgha-lab-fill',
  repairPostgres: 'repair-postgres',
  freeEtcd: 'free-etcd',
  replaceEtcd: 'replace-etcd',
  unslowDisk: 'unslow-disk',
  setClock: 'if [ -e /run/pgha-lab/clock ]; then rm -f /run/pgha-lab/clock && s6-svc -k /run/service/patroni; fi',
  endLoad: 'pkill -KILL -f "^pgha-lab-load" || true',
} as const
