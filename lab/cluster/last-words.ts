/** What the hosts' logs say that explains why a lab does not become healthy: shown where waiting for it takes long, or is given up. */
import type {Readable} from 'node:stream'
import {text} from 'node:stream/consumers'
import type {Lab} from '../engine/lab.ts'
import {releaseOf} from '../topology/release.ts'
import type {HostName} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import {printable} from '../words/printable.ts'

/** What explains, of each service: the first entry that any line has is the best; of its lines the last is told. */
const signs: readonly {readonly service: string; readonly words: RegExp; readonly but?: RegExp}[] = [
  // Patroni 4.0, `watchdog/base.py` and `ha.py: post_bootstrap`
  {service: 'patroni', words: /(WARNING|ERROR|CRITICAL): .*watchdog.*(could not|not safe|not available|required)/i},
  {service: 'patroni', words: / CRITICAL: |Cancelling bootstrap/},
  {service: 'postgres', words: / PANIC: /},
  // zap's levels
  {service: 'etcd', words: /"level":"(panic|fatal)"|^panic: /},
  {
    service: 'postgres',
    words: / FATAL: /,
    // Of every start and every stop, and of a leader that is not there yet.
    but: /the database system is |administrator command|could not connect to the primary server|connection to client lost/,
  },
  {
    service: 'patroni',
    words: / ERROR: /,
    // A token that has expired is got anew, and no reader is to be told it.
    but: /Failed to get list of machines|Request to server .* failed|get_cluster|Invalid auth token/,
  },
  {service: 'haproxy', words: /\[ALERT\]/},
]

/** As the log scripts of images/host/services put it before each line. */
const prefixed = /^(\S+) *\| (.*)$/s
/** Without the stamps of Patroni and PostgreSQL. */
const stamp = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[.,]\d{3} (UTC \[\d+\] )?/
const longest = 200

interface LastWord {
  readonly host: HostName
  readonly service: string
  readonly says: string
}

/** The line of a log that explains most, or null. */
export function telling(log: string): Pick<LastWord, 'service' | 'says'> | null {
  const lines = log.split('\n').flatMap(line => {
    const [, service = '', says = ''] = prefixed.exec(line.trimEnd()) ?? []
    return service === '' ? [] : [{service, says}]
  })
  for (const {service, words, but} of signs) {
    const found = lines.findLast(one => one.service === service && words.test(one.says) && !but?.test(one.says))
    if (found !== undefined) return {service, says: essence(found.says)}
  }
  return null
}

function essence(line: string): string {
  const plain = withoutSecrets(line.replace(stamp, ''))
  return plain.length > longest ? `${plain.slice(0, longest)}...` : plain
}

function withoutSecrets(line: string): string {
  return printable(line.replace(/password=\S+/g, 'password=***'))
}

/** The last lines of each host that has a log; of one that cannot be read there are none. */
export async function logTails(
  lab: Lab,
  most: number,
): Promise<readonly {readonly host: HostName; readonly lines: readonly string[]}[]> {
  const hosts = lab.topology.hosts.filter(host => !host.services.includes('client'))
  const tails = await Promise.all(
    hosts.map(async ({name: host}) => {
      const lines = (await logOf(lab, host, 0)).split('\n').filter(line => line.trim() !== '')
      return {host, lines: lines.slice(-most).map(withoutSecrets)}
    }),
  )
  return tails.filter(({lines}) => lines.length > 0)
}

/** Of each host whose log has one. A log that cannot be read explains nothing. @param sinceMs wall clock. */
export async function lastWords(lab: Lab, sinceMs: number): Promise<readonly LastWord[]> {
  const said = await Promise.all(
    lab.topology.hosts
      .filter(host => !host.services.includes('client'))
      .map(async ({name: host}) => {
        const found = telling(await logOf(lab, host, sinceMs))
        return found === null ? [] : [{host, ...found}]
      }),
  )
  return said.flat()
}

/** `node1's log: postgres: FATAL: ...; node2's ...` */
export function sayLastWords(words: readonly LastWord[]): string {
  return words.map(({host, service, says}) => `the log of ${host}: ${service}: ${says}`).join('; ')
}

/**
 * The same error with what the logs say, where it is that something did not come in time.
 * @param sinceMs wall clock, from when on a line may be the reason.
 */
export async function explained(lab: Lab, error: unknown, sinceMs: number): Promise<unknown> {
  if (!(error instanceof LabError) || (error.code !== 'not-ready' && error.code !== 'timeout')) return error
  const words = await lastWords(lab, sinceMs).catch(() => [])
  if (words.length === 0) return error
  return new LabError(error.code, `${error.message}; ${sayLastWords(words)}`, {cause: error, hint: error.next})
}

/** A member that says again and again that it cannot follow its leader, and the last of what it says; null: it does not. */
export async function cannotFollow(lab: Lab, host: HostName, sinceMs: number): Promise<string | null> {
  const {logSigns} = releaseOf(lab.topology)
  const lines = (await logOf(lab, host, sinceMs, true)).split('\n').flatMap(line => {
    const [at = '', ...rest] = line.trimEnd().split(' ')
    const [, service, says = ''] = prefixed.exec(rest.join(' ')) ?? []
    const isSign = logSigns.some(one => one.sign === 'cannot-follow' && one.service === service && one.words.test(says))
    return isSign ? [{atMs: Date.parse(at), says}] : []
  })
  const [first, last] = [lines[0], lines.at(-1)]
  return first !== undefined && last !== undefined && last.atMs - first.atMs >= forLongMs ? essence(last.says) : null
}

/** Once, it is on its way to be rewound. */
const forLongMs = 8000

async function logOf(lab: Lab, host: HostName, sinceMs: number, timestamps = false): Promise<string> {
  try {
    const {id} = await lab.container(host)
    const options = {sinceSeconds: Math.max(0, Math.floor(sinceMs / 1000)), timestamps}
    const log: Readable = await lab.engineOf(host).logs(id, options)
    return await text(log)
  } catch {
    return '' // it is not there, or the engine does not answer: the complaint says so
  }
}
