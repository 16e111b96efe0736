/** Before Compose starts anything of a lab: what it reads from the lab's file is what was meant, and nothing else. */

import {join} from 'node:path'
import {z} from 'zod'
import {differences, firstDifferentLine, sayDifference} from '../../compose/read-back.ts'
import {composeFile as meantBy, render, renderPart} from '../../compose/render.ts'
import type {Compose, ComposeText} from '../engine/stack.ts'
import {engineNames} from '../topology/engines.ts'
import {serviceNames} from '../topology/services.ts'
import {labels} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import {wordsOf} from '../words/issue-words.ts'
import {type Hint, next} from '../words/next-step.ts'
import {line, name} from '../words/schemas.ts'
import {composeFile, labFolder} from './folders.ts'
import {homePath, owner, savedOwner} from './owner.ts'
import {anew, composeText, type SavedLab} from './state.ts'

/**
 * The compose file of a lab, once it is known that Compose reads from it what the lab's topology and allocation mean. Two things are
 * asked: what does Compose, whose parser is not ours, make of the text; and is it our text to the byte, because an `include` of a
 * file that is still empty shows nowhere in what Compose reads.
 * @param reads what Compose makes of a text.
 * @throws LabError `config` that names the first place that differs; `no-lab` when the file is gone.
 */
export async function readBack(
  {topology, allocation}: Pick<SavedLab, 'topology' | 'allocation'>,
  signal: AbortSignal,
  reads: Compose['reads'],
): Promise<ComposeText> {
  const {lab} = allocation
  const path = composeFile(lab)
  const hint = next`it was changed, or written by another version; to raise it anew: ${anew(lab)}`
  mustBeOurs({topology, allocation}, hint)
  const file = {text: composeText(lab), folder: labFolder(lab)}
  const read = await reads(file, signal).catch(error => {
    if (!(error instanceof LabError) || error.code !== 'config') throw error
    throw new LabError('config', `${path}: ${error.message}; nothing was started`, {cause: error, hint})
  })
  const whose = {id: savedOwner(lab) ?? owner().id, home: homeIn(read)}
  const [first] = differences(meantBy(topology, allocation, whose), read)
  if (first !== undefined) throw new LabError('config', `${path}: ${sayDifference(first)}; nothing was started`, {hint})
  const written = render(topology, allocation, whose)
  if (file.text !== written)
    throw new LabError(
      'config',
      `${path}:${firstDifferentLine(written, file.text)}: this line is not as it was written; nothing was started`,
      {hint},
    )
  const parts = engineNames(topology)?.map(engine => [engine, renderPart(topology, allocation, whose, engine)] as const)
  return parts === undefined ? file : {...file, parts: new Map(parts)}
}

/**
 * What is meant comes from lab.json, which somebody may have changed as well. That cannot make more of a lab than a topology may
 * ask for, as long as each of its values is of the kind that stands there: an image of ours, a network of ours, a name, a port.
 * So much is asked; whether the values are the same as yesterday, nobody can say.
 */
const ours = z
  .object({
    topology: z.object({
      hosts: z.array(z.object({name: name('host'), services: z.array(z.enum(serviceNames)).min(1)})),
      postgresParameters: z.record(name('parameter'), line),
      dataBytes: z.int().positive().optional(),
    }),
    allocation: z.object({
      lab: name('lab'),
      subnet: z.string().regex(/^10\.213\.\d{1,2}\.0\/24$/, 'not a network that a lab is given'),
      addresses: z.record(name('host'), z.string()),
      observer: z.string(),
      ports: z.record(name('host'), z.record(z.string(), z.int().min(1024).max(65_535))),
      passwords: z.record(z.string(), line),
      images: z.object({
        // Older ones have no release in their name.
        // the release, what it is made of, its id, and what of somebody's own is laid over it
        host: z.string().regex(/^pgha-lab\/host:([a-z]+-)?[0-9a-f]{12}(-[0-9a-f]{12}){0,2}$/, 'not an image of ours'),
        app: z.string().regex(/^pgha-lab\/app:[0-9a-f]{12}(-[0-9a-f]{12})?$/, 'not an image of ours'),
      }),
    }),
  })
  .superRefine(({allocation: {addresses, observer, subnet}}, {addIssue}) => {
    // The network's first address is the engine's, which every host's fence keeps out.
    const isOfLab = (address: string) => {
      const [, last = ''] = address.startsWith(subnet.replace(/0\/24$/, '')) ? (/\.(\d{1,3})$/.exec(address) ?? []) : []
      return z.ipv4().safeParse(address).success && Number(last) > 1 && Number(last) < 255
    }
    for (const [host, address] of Object.entries(addresses))
      if (!isOfLab(address))
        addIssue({code: 'custom', path: ['allocation', 'addresses', host], message: `not an address of ${subnet}`})
    if (!isOfLab(observer))
      addIssue({code: 'custom', path: ['allocation', 'observer'], message: `not an address of ${subnet}`})
  })

function mustBeOurs(saved: Pick<SavedLab, 'topology' | 'allocation'>, hint: Hint): void {
  const [issue] = ours.safeParse(saved).error?.issues ?? []
  if (issue === undefined) return
  const file = join(labFolder(saved.allocation.lab), 'lab.json')
  throw new LabError('config', `${file}: ${issue.path.join('.')}: ${wordsOf(issue, saved)}; nothing was started`, {
    hint,
  })
}

/**
 * Where the owner keeps its labs, as the file has it. From where that was seen when the lab was made, nobody knows later; it is of the
 * form that we write, or it is a difference.
 */
function homeIn(read: unknown): string | null {
  type Labelled = Readonly<Record<string, {labels?: Record<string, unknown>}>>
  const {networks = {}, volumes = {}} = (read ?? {}) as {networks?: Labelled; volumes?: Labelled}
  // A network over several engines is in no file; whatever holds data says it as well.
  const [home] = [...Object.values(networks), ...Object.values(volumes)].flatMap(
    one => one?.labels?.[labels.home] ?? [],
  )
  return typeof home === 'string' && homePath(home) !== null ? home : null
}
