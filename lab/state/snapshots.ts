/**
 * What is known of a lab's snapshots: one file each beside what is saved of the lab, written when the copy is whole. So a snapshot is
 * there or it is not, whatever became of who made it; and it goes with its lab, whose passwords and addresses its data holds.
 */
import {readdirSync, rmSync} from 'node:fs'
import {join} from 'node:path'
import {isDeepStrictEqual} from 'node:util'
import {z} from 'zod'
import type {Allocation, Topology} from '../topology/topology.ts'
import {allocationSchema, topologySchema} from '../topology/topology-schema.ts'
import {decodeJson} from '../words/decode.ts'
import {insteadOf} from '../words/did-you-mean.ts'
import {LabError} from '../words/errors.ts'
import {next, onLab} from '../words/next-step.ts'
import {nameRules} from '../words/plain-text.ts'
import {printable} from '../words/printable.ts'
import {labFolder, makeFolder, whenDiskIsFull, writeWhole} from './folders.ts'
import {readKept, type SavedLab} from './state.ts'

export interface Snapshot {
  readonly schema: 1
  readonly name: string
  /** When all hosts stood still, as of `Date.toISOString`. */
  readonly at: string
  /** The volume that has the data of all hosts. */
  readonly volume: string
  readonly bytes: number
  /** Who led then. */
  readonly leader: string
  /** Of the lab as it was then. */
  readonly topology: Topology
  readonly allocation: Allocation
}

const snapshotSchema = z.strictObject({
  schema: z.literal(1, 'another version of pgha-lab wrote this'),
  name: z.string().regex(nameRules.lab.pattern),
  at: z.iso.datetime(),
  volume: z.string().regex(/^pgha-lab-[a-z0-9.-]+$/),
  bytes: z.number().min(0),
  leader: z.string(),
  topology: topologySchema,
  allocation: allocationSchema,
})

const folderOf = (lab: string) => join(labFolder(lab), 'snapshots')
const fileOf = (lab: string, name: string) => join(folderOf(lab), `${name}.json`)

/** A snapshot's name becomes a part of a volume's and a file's. @throws LabError `usage` */
export function checkSnapshotName(name: string): string {
  const {pattern, says} = nameRules.lab
  if (pattern.test(name)) return name
  throw new LabError('usage', `"${printable(name)}" is no name for a snapshot: ${says}`, {hint: 'such as base'})
}

/** No host has a dot in its name, and no lab. @param id tells two copies of one name apart. */
export function snapshotVolume(lab: string, name: string, id: string): string {
  return `${snapshotVolumes(lab)}${name}.${id}`
}

/** What the names of all volumes with copies of this lab begin with. */
export function snapshotVolumes(lab: string): string {
  return `pgha-lab-${lab}.snapshot.`
}

/** By name. @throws LabError `config` for one that cannot be read. */
export function snapshotsOf(lab: string): Snapshot[] {
  return namesOf(lab).flatMap(name => readSnapshot(lab, name) ?? [])
}

/** @throws LabError `usage` when there is none of this name. */
export function findSnapshot(lab: string, name: string): Snapshot {
  const found = readSnapshot(lab, name)
  if (found !== undefined) return found
  const known = namesOf(lab)
  const there = known.length === 0 ? 'it has none' : `there ${known.length === 1 ? 'is' : 'are'} ${known.join(', ')}`
  throw new LabError('usage', `lab ${lab} has no snapshot ${name}; ${there}`, {
    ...insteadOf(name, known),
    hint: onLab(lab, 'snapshot', 'list'),
  })
}

/** On disk when this returns: from now on the snapshot is there. */
export function recordSnapshot(lab: string, snapshot: Snapshot): void {
  whenDiskIsFull(() => {
    makeFolder(folderOf(lab))
    writeWhole(fileOf(lab, snapshot.name), `${JSON.stringify(snapshot, null, 2)}\n`)
  })
}

export function forgetSnapshot(lab: string, name: string): void {
  rmSync(fileOf(lab, name), {force: true})
}

/**
 * The data of a snapshot names addresses, passwords and paths: it is of use to the very lab that it was taken of.
 * @throws LabError `config` that says in what they differ.
 */
export function mustFit(snapshot: Snapshot, lab: SavedLab): void {
  const {name, topology, allocation} = snapshot
  const parts = {
    release: [topology.release, lab.topology.release],
    topology: [topology, lab.topology],
    images: [allocation.images, lab.allocation.images],
    'addresses and passwords': [allocation, lab.allocation],
  }
  const [other] = Object.entries(parts).find(([, [then, now]]) => !isDeepStrictEqual(then, now)) ?? []
  if (other === undefined) return
  const at = lab.allocation.lab
  throw new LabError('config', `snapshot ${name} is of a lab ${at} with another ${other} than it has now`, {
    hint: next`to save the lab as it is now: ${onLab(at, 'snapshot', 'save', name, '--overwrite')}`,
  })
}

function readSnapshot(lab: string, name: string): Snapshot | undefined {
  const file = fileOf(lab, name)
  const text = readKept(file)
  return text === undefined ? undefined : decodeJson({file, text, what: 'snapshot'}, snapshotSchema)
}

function namesOf(lab: string): string[] {
  try {
    const files = readdirSync(folderOf(lab)).filter(file => file.endsWith('.json'))
    return files
      .map(file => file.slice(0, -'.json'.length))
      .filter(name => nameRules.lab.pattern.test(name))
      .toSorted()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
