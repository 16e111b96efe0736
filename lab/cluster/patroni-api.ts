/** One question to one member's REST API (Patroni 4.0, `api.py`), and what its answers mean. */

import type {Lab} from '../engine/lab.ts'
import type {Answer, Question} from '../observer/ask.ts'
import type {HostName} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import {onLab} from '../words/next-step.ts'

interface Request extends Question {
  /** e.g. '/switchover' */
  readonly path: string
}

/**
 * On a connection of its own: Patroni's server has few threads, and one held open is missing for HAProxy's checks.
 * @throws LabError `engine` when the member does not answer in time.
 */
export async function askPatroni(lab: Lab, host: HostName, request: Request): Promise<Answer> {
  const {path, ...question} = request
  try {
    return await lab.ask(host, 'patroni', path, question)
  } catch (error) {
    const why = (error as Error).message
    throw new LabError('engine', `Patroni on ${host} did not answer ${question.method ?? 'GET'} ${path}: ${why}`, {
      cause: error,
      hint: onLab(lab.name, 'status'),
    })
  }
}

/**
 * Whether Patroni has done, or will do, what it was told: 200 done, 202 put on its schedule. A refusal is 412 (not possible
 * now, `do_POST_failover`), 503 (tried and failed, or the conditions of a restart are not met), 400, 409, 422 or 500.
 */
export function took({code}: Answer): boolean {
  return code === 200 || code === 202
}

/** What Patroni said, for a sentence: its own words (one sentence for actions) and its code. */
export function sayAnswer({code, body}: Answer): string {
  const words = body
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
  return words === '' ? `it answered ${code}` : `it said "${words.slice(0, 200)}" (${code})`
}

export type Config = Readonly<Record<string, unknown>>

/**
 * The dynamic configuration as this member knows it (`do_GET_config`).
 * @throws LabError `engine` when the member does not answer, or has none.
 */
export async function dynamicConfig(lab: Lab, host: HostName, signal?: AbortSignal): Promise<Config> {
  const answer = await askPatroni(lab, host, {path: '/config', withinMs: 3000, signal})
  const config = answer.code === 200 ? decodeObject(answer.body) : null
  if (config === null)
    throw new LabError('engine', `Patroni on ${host} did not tell its configuration: ${sayAnswer(answer)}`, {
      hint: onLab(lab.name, 'status'),
    })
  return config
}

/** null for what is no JSON object. */
export function decodeObject(text: string): Config | null {
  try {
    const said = JSON.parse(text) as unknown
    return typeof said === 'object' && said !== null && !Array.isArray(said) ? (said as Config) : null
  } catch {
    return null // an error page
  }
}
