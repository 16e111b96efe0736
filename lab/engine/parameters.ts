/**
 * Whether PostgreSQL takes parameters, asked of the PostgreSQL of the hosts' own image before a lab is raised: only it knows its
 * names, types, units, ranges and values. Patroni drops in silence what PostgreSQL would refuse.
 */

import {profiles, type Topology} from '../topology/topology.ts'
import {nearest} from '../words/did-you-mean.ts'
import {LabError} from '../words/errors.ts'
import {ownCommand} from '../words/next-step.ts'
import type {Exec, Images, Throwaways} from './docker.ts'

export interface Refused {
  readonly name: string
  /** PostgreSQL's own words, such as `invalid value for parameter "work_mem": "4XB" (Valid units for ...)`. */
  readonly says: string
}

/** Those that somebody wrote: the profiles' own are known to be taken. */
export function writtenParameters({profile, postgresParameters}: Topology): Readonly<Record<string, string>> {
  const own = profiles[profile].postgresParameters
  return Object.fromEntries(Object.entries(postgresParameters).filter(([name, value]) => own[name] !== value))
}

/** What this asks of the engine. */
export type ParameterEngine = Pick<Images, 'hasImage'> & Pick<Throwaways, 'throwaway'> & Pick<Exec, 'run'>

/** In the path of the image. */
const postgres = 'postgres'

/**
 * Those of the parameters that PostgreSQL refuses; none: it takes them all. One short-lived container, and none where nothing is
 * asked. What several of them do together is not known before PostgreSQL starts.
 * @throws LabError `image` when the image is not there, `engine` when PostgreSQL can't be asked.
 */
export async function refusedParameters(
  docker: ParameterEngine,
  image: string,
  parameters: Readonly<Record<string, string>>,
): Promise<readonly Refused[]> {
  const asked = Object.entries(parameters)
  if (asked.length === 0) return []
  if (!(await docker.hasImage(image)))
    throw new LabError('image', `the image ${image} is not here`, {hint: ownCommand('doctor', '--fix')})
  await using container = await docker.throwaway(image)
  // It names the first that it refuses; most often it takes them all, which is known from one answer.
  if ((await refusal(docker, container.id, asked)) === null) return []
  const refused: Refused[] = []
  for (const one of asked) {
    const says = await refusal(docker, container.id, [one])
    if (says !== null) refused.push({name: one[0], says: says + (await near(docker, container.id, one[0], says))})
  }
  return refused
}

/** For who can do without the answer: where there is no engine or no image, `unasked` says so. */
export async function refusedOrUnasked(
  docker: ParameterEngine,
  image: string,
  parameters: Readonly<Record<string, string>>,
): Promise<{readonly refused: readonly Refused[]; readonly unasked: string | null}> {
  try {
    return {refused: await refusedParameters(docker, image, parameters), unasked: null}
  } catch (error) {
    if (!(error instanceof LabError)) throw error
    return {refused: [], unasked: error.message}
  }
}

/** `-C` reads the configuration, prints a parameter and ends: no data directory is needed, nothing starts. null: it takes them. */
async function refusal(
  docker: ParameterEngine,
  id: string,
  parameters: readonly (readonly [string, string])[],
): Promise<string | null> {
  // Each an argument of its own, which nobody has to quote. An empty postgresql.conf, and the directory is only looked for.
  const given = parameters.flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const {code, err} = await docker.run(
    id,
    [postgres, '-C', 'server_version', '-D', '/tmp', '--config-file=/dev/null', ...given],
    {user: 'postgres'},
  )
  if (code === 0) return null
  const words = wordsIn(err)
  // 126, 127: it could not be started.
  if (code === null || code > 2 || words === '')
    throw new LabError('engine', `the image's PostgreSQL could not be asked about parameters: ${err.trim() || code}`)
  return words
}

/** `2026-11-27 04:06:01.549 GMT [10] FATAL:  invalid value ...`, and what it adds as DETAIL and HINT. */
function wordsIn(err: string): string {
  const said = err.split('\n').flatMap(line => {
    const [, kind = '', words = ''] = /^(?:\S+ \S+ \S+ \[\d+\] (FATAL|DETAIL|HINT):|postgres:) +(.+)$/.exec(line) ?? []
    return words === '' ? [] : [{kind, words: words.replace(/\.$/, '')}]
  })
  const [sentence = ''] = said.filter(({kind}) => kind === 'FATAL' || kind === '').map(({words}) => words)
  const more = said.filter(({kind}) => kind === 'DETAIL' || kind === 'HINT').map(({words}) => words)
  return more.length === 0 ? sentence : `${sentence} (${more.join('; ')})`
}

/** The name that was probably meant, of those that PostgreSQL lists. */
async function near(docker: ParameterEngine, id: string, name: string, says: string): Promise<string> {
  if (!says.startsWith('unrecognized')) return ''
  const {out} = await docker.run(id, [postgres, '--describe-config'], {user: 'postgres'})
  const meant = nearest(
    name.toLowerCase(),
    out.split('\n').map(line => line.split('\t')[0] ?? ''),
  )
  return meant === undefined ? '' : `, did you mean \`${meant}\`?`
}
