/** A haproxy.cfg of somebody's own, which each proxy of a lab runs as it is: which servers its entries have, and what the lab cannot run. */
import {createHash} from 'node:crypto'
import {readFileSync, statSync} from 'node:fs'
import {basename, resolve} from 'node:path'
import {z} from 'zod'
import {type HaproxyProxy, proxiesOf} from '../haproxy/proxies.ts'
import {readHaproxy} from '../haproxy/read.ts'
import {LabError} from '../words/errors.ts'
import {type Place, sayPlace} from '../words/place.ts'
import {entriesIn, type Wrong} from './own-entries.ts'
import {cannotRun} from './own-haproxy-limits.ts'
import type {Written} from './settings.ts'
import type {HostName, Topology} from './topology.ts'

const entry = z.strictObject({
  /** The `listen` or `backend` of its servers. */
  proxy: z.string().max(255),
  servers: z.array(z.strictObject({name: z.string().max(255), host: z.string().max(255)})).max(64),
})

/** As a file of ours has it. A history knows that there was one, and which, and has nothing of its text. */
export const ownHaproxySchema = z.strictObject({
  /** SHA-256 of its text; 64 hex digits. */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  own: z
    .strictObject({
      file: z.string().max(255),
      text: z.string().max(262_144),
      primary: entry,
      replicas: entry.exactOptional(),
    })
    .exactOptional(),
})
export type OwnHaproxy = z.output<typeof ownHaproxySchema>
type OwnEntry = z.output<typeof entry>

/** The parts of the lab's own that stand beside a file that has none: names that nobody else would choose. */
export const labSections = {replicas: 'pgha-lab-replicas', stats: 'pgha-lab-stats'} as const

/** Which way in a server of HAProxy's statistics belongs to, and the host that it is; undefined for what is none of the lab's business. */
export function routeOf(
  {haproxyFile}: Pick<Topology, 'haproxyFile'>,
  {proxy, server}: {readonly proxy: string; readonly server: string},
): {readonly backend: 'primary' | 'replicas'; readonly host: HostName} | undefined {
  const own = haproxyFile?.own
  if (own === undefined) return proxy === 'primary' || proxy === 'replicas' ? {backend: proxy, host: server} : undefined
  for (const backend of ['primary', 'replicas'] as const) {
    const at = own[backend]
    const host = at?.proxy === proxy ? at.servers.find(({name}) => name === server)?.host : undefined
    if (host !== undefined) return {backend, host}
  }
  return own.replicas === undefined && proxy === labSections.replicas ? {backend: 'replicas', host: server} : undefined
}

const most = 262_144

/** A mistake of the file itself, which says its place, or of a key of the lab.yaml. */
export interface OwnMistake {
  readonly path?: readonly string[]
  readonly says: string
}

interface Read {
  readonly haproxyFile?: OwnHaproxy
  /** What the file says, by the keys of a lab.yaml. */
  readonly layer?: Written
  readonly mistakes: readonly OwnMistake[]
}

/**
 * @param path as it is written, from `folder`. @param shown what complaints call it.
 * @param written what is said of HAProxy beside it. @param topology with everything else that is said.
 */
export function readOwnHaproxy(
  path: string,
  folder: string,
  shown: string,
  written: NonNullable<Written['haproxy']>,
  topology: Topology,
): Read {
  const key = ['haproxy', 'file']
  const read = textOf(resolve(folder, path))
  if ('says' in read) return {mistakes: [{path: key, says: `${path}: ${read.says}`}]}
  if (topology.standbyCluster !== undefined)
    return {
      mistakes: [
        {
          path: key,
          says: 'a lab with a standby cluster has proxies of two clusters, and one file leads to one of them',
        },
      ],
    }
  try {
    return ofText(read.text, basename(path), shown, written, topology)
  } catch (error) {
    if (!(error instanceof LabError)) throw error
    return {mistakes: [{says: error.message}]}
  }
}

function ofText(
  text: string,
  file: string,
  shown: string,
  written: NonNullable<Written['haproxy']>,
  topology: Topology,
): Read {
  const conditions = conditionIn(text, shown)
  if (conditions !== undefined) return {mistakes: told([conditions])}
  const parsed = readHaproxy(shown, text)
  const found = entriesIn(proxiesOf(parsed), shown, written, topology)
  const wrong = [...cannotRun(parsed, topology), ...found.wrong]
  if (wrong.length > 0 || found.primary === undefined) return {mistakes: told(wrong)}
  const {primary, replicas, settings} = found
  const contrary = Object.entries(written).flatMap(([key, value]): OwnMistake[] => {
    const own = settings[key as keyof typeof settings]
    return key === 'file' || own === value
      ? []
      : [{path: ['haproxy', key], says: `${file} says this itself, and says otherwise: leave ${key} out`}]
  })
  const digest = createHash('sha256').update(text).digest('hex')
  return {
    haproxyFile: {
      digest,
      own: {file, text, primary: named(primary), ...(replicas === undefined ? {} : {replicas: named(replicas)})},
    },
    layer: {haproxy: settings},
    mistakes: contrary,
  }
}

function named({name, servers}: HaproxyProxy): OwnEntry {
  return {proxy: name, servers: servers.map(server => ({name: server.name, host: server.address.host}))}
}

/** By place, and what is one mistake once. */
function told(wrong: readonly Wrong[]): OwnMistake[] {
  const byPlace = wrong.toSorted((a, b) => a.place.line - b.place.line || a.place.column - b.place.column)
  return [...new Set(byPlace.map(({place, says}) => `${sayPlace(place)}: ${says}`))].map(says => ({says}))
}

/** What HAProxy itself decides at its start. */
function conditionIn(text: string, file: string): Wrong | undefined {
  const lines = text.split('\n')
  const index = lines.findIndex(line => /^\s*\.(if|elif|else)\b/.test(line))
  if (index < 0) return undefined
  const place: Place = {file, line: index + 1, column: (lines[index] ?? '').search(/\S/) + 1}
  return {place, says: 'HAProxy decides at its start which lines count here, so nobody else knows its entries'}
}

function textOf(path: string): {readonly text: string} | {readonly says: string} {
  try {
    const about = statSync(path)
    if (!about.isFile()) return {says: 'this is no file'}
    if (about.size > most) return {says: `such a file has at most ${most / 1024} kB`}
    const text = new TextDecoder('utf-8', {fatal: true}).decode(readFileSync(path))
    return text.includes('\0') ? {says: 'this is no text'} : {text}
  } catch (error) {
    if (error instanceof TypeError) return {says: 'a haproxy.cfg is a text in UTF-8'}
    const {code} = error as NodeJS.ErrnoException
    return {says: code === 'ENOENT' ? 'there is no such file' : `this cannot be read (${code ?? 'unknown'})`}
  }
}
