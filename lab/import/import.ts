/** The configurations of somebody's cluster to the lab.yaml that behaves like it, with nothing in it that says who they are. */
import {basename} from 'node:path'
import {asTopology} from '../lint/as-topology.ts'
import {isProxyPlaceUntold} from '../lint/machines.ts'
import type {Kind} from '../lint/read/kinds.ts'
import {type Files, filesOf, readConfiguration} from '../lint/read/read.ts'
import {mistakesIn} from '../topology/mistakes.ts'
import type {Written} from '../topology/settings.ts'
import {effectiveTimings, sayAdjustment} from '../topology/timings.ts'
import type {Topology} from '../topology/topology.ts'
import {parseTopology, topologyFrom} from '../topology/topology-file.ts'
import {LabError} from '../words/errors.ts'
import type {Place} from '../words/place.ts'
import {type Told, together} from './change.ts'
import {fromEtcd, fromHaproxy} from './entry.ts'
import {fromHba} from './hba.ts'
import {fromKeepalived} from './keepalived.ts'
import {labFile} from './lab-file.ts'
import {hasTlsMismatch, mustBeImportable, notModelled} from './not-modelled.ts'
import {fromPatroni} from './patroni.ts'
import {fromPgbouncer} from './pgbouncer.ts'
import {redacted} from './redact.ts'
import {fromSecurity} from './security.ts'
import {theirWords} from './words.ts'

export interface Given {
  readonly file: string
  readonly text: string
  readonly as?: Kind | undefined
}

export interface Imported {
  readonly topology: Topology
  /** The text of the lab.yaml. */
  readonly text: string
  /** What the lab cannot have of it; each a sentence. Said first. */
  readonly notModelled: readonly string[]
  /** What the files do not tell, and what stands for it. */
  readonly assumed: readonly string[]
  readonly changes: readonly Told[]
  /** The originals without what tells who they are, by the names that they are kept under. */
  readonly originals: ReadonlyMap<string, string>
}

/** @throws LabError `config` where nothing like this cluster can be made: in one sentence, with its place. */
export function importFrom(given: readonly Given[]): Imported {
  const read = given.map(one => readConfiguration(one.file, one.text, one.as))
  const files = filesOf(read)
  mustBeImportable(files)
  const {written, assumed} = asTopology(files)
  const theirs = theirWords(
    files,
    given.map(({text}) => text),
  )
  const patroni = fromPatroni(files, theirs)
  const security = fromSecurity(files)
  const inTls = security.tls?.rest === 'on'
  // Where the two differ, they differ in the lab.
  const entry = fromHaproxy(files, hasTlsMismatch(files) ? !inTls : undefined)
  const {etcd, changes: ofEtcd} = fromEtcd(files)
  const address = fromKeepalived(files)
  const {hba, ...letIn} = fromHba(files, theirs)
  // All tags of a member that the lab's release knows, where those are who may take over.
  const {tags: _, ...timings} = written.patroni ?? {}
  const whole: Written = {
    ...written,
    patroni: {...patroni.patroni, ...timings},
    haproxy: {...entry.haproxy, ...written.haproxy},
    postgresql: {...patroni.postgresql, ...(hba === undefined ? {} : {pg_hba: [...hba]})},
    etcd,
    ...security,
    stand_ins: [...patroni.standIns, ...address.standIns],
    network: 'internal',
  }
  const {topology, says} = asPatroniUses(topologyFrom(whole))
  const [mistake] = mistakesIn(topology)
  if (mistake !== undefined)
    throw new LabError('config', `no lab can be like this cluster: ${mistake.path.join('.')}: ${mistake.says}`)
  const text = labFile(topology, headerOf(given.length))
  const without = [...notModelled(files), ...letIn.notModelled]
  const again = parseTopology('lab.yaml', text)
  return {
    topology: again,
    text,
    notModelled: without,
    assumed: [
      ...assumed.filter(one => !without.includes(one)),
      ...(isProxyPlaceUntold(files) ? [ownHost] : []),
      ...withoutFile(files, again),
      ...letIn.assumed,
      ...says,
    ],
    changes: together([
      ...patroni.changes,
      ...entry.changes,
      ...fromPgbouncer(files),
      ...address.changes,
      ...letIn.changes,
      ...ofEtcd,
    ]),
    originals: new Map(
      read.map(({kind}, index) => [`${index + 1}-${kind}.txt`, redacted(given[index]!.text, kind, theirs, text)]),
    ),
  }
}

function withoutFile({patroni: [first, ...others]}: Files, {hosts}: Topology): readonly string[] {
  const members = hosts.filter(({services}) => services.includes('patroni')).length
  const without = members - others.length - 1
  if (first === undefined || without <= 0) return []
  return [
    `No patroni.yml is given of ${without} of the ${members} members: what ${first.file} says holds for them, but for its tags.`,
  ]
}

const ownHost =
  'No file says where HAProxy runs: it has a host of its own in the lab. Where yours is beside PostgreSQL and dies with it, write `haproxy` behind `patroni` in the lists of hosts.'

/** Timings that `up` would refuse, as Patroni changes them. */
function asPatroniUses(topology: Topology): {topology: Topology; says: string[]} {
  const {adjusted, ...timings} = effectiveTimings(topology.patroni)
  return {
    topology: {...topology, patroni: {...topology.patroni, ...timings}},
    says: adjusted.map(one => `${sayAdjustment(one, topology.patroni)}; the lab is told what Patroni uses.`),
  }
}

function headerOf(files: number): string {
  return `\
A lab that behaves like a cluster whose ${files === 1 ? 'configuration was' : `${files} configurations were`} read by \`init --from\`.
What it was made of lies beside it, without addresses and secrets.`
}

/** The places of a change, by the names under which the originals are kept. */
export function placesBeside(places: readonly Place[], given: readonly Given[], originals: Imported['originals']) {
  const names = [...originals.keys()]
  return places.map(({file, line}) => {
    const index = given.findIndex(one => one.file === file)
    return `${names[index] ?? basename(file)}:${line}`
  })
}
