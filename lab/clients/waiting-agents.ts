/** Agents that wait for their configuration: started while a lab is still being healed, so that nobody waits for Node to start afterwards. */
import type {Running} from '../engine/docker.ts'
import type {Lab} from '../engine/lab.ts'
import type {Driver} from '../history/client-group.ts'
import {hostsWith} from '../topology/topology.ts'

/** Where the image of app1 has the bundle `dist/agent.mjs`. */
export const agentFile = '/opt/pgha-lab/agent.mjs'
/** And the one for psycopg. */
export const psycopgAgentFile = '/opt/pgha-lab/psycopg-agent.py'

const agentPrograms = {
  node: ['node', agentFile],
  python: ['python3', psycopgAgentFile],
} as const satisfies Record<string, readonly string[]>

export type AgentProgram = keyof typeof agentPrograms

export function programOf(driver: Driver | undefined): AgentProgram {
  return driver === 'psycopg' ? 'python' : 'node'
}

interface Waiting {
  readonly running: Running
  /** It has ended, with its host for instance. */
  over: boolean
}

/**
 * An agent says and does nothing before its first line has come, and ends when its stdin does: with this process, at the latest.
 * Its disposal ends those that nobody has taken.
 */
export class WaitingAgents implements AsyncDisposable {
  readonly #lab: Lab
  readonly #waiting = new Map<AgentProgram, Promise<Waiting | undefined>>()

  /** Returns at once. A lab that is not healed yet may have no place for one: then it is started when it is taken. */
  constructor(lab: Lab, programs: Iterable<AgentProgram>) {
    this.#lab = lab
    for (const program of programs)
      this.#waiting.set(
        program,
        this.#start(program).catch(() => undefined),
      )
  }

  /** One that waits, or a new one. @throws what `Docker` throws. */
  async take(program: AgentProgram): Promise<Running> {
    const waiting = await this.#waiting.get(program)
    this.#waiting.delete(program)
    if (waiting !== undefined && !waiting.over) return waiting.running
    const {running} = await this.#start(program)
    return running
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const left = await Promise.all(this.#waiting.values())
    this.#waiting.clear()
    await Promise.all(
      left.map(async waiting => {
        waiting?.running.stdin.end()
        await waiting?.running[Symbol.asyncDispose]()
      }),
    )
  }

  async #start(program: AgentProgram): Promise<Waiting> {
    const app = hostsWith(this.#lab.topology, 'client')[0]!
    const {id} = await this.#lab.container(app)
    const running = await this.#lab.engineOf(app).exec(id, agentPrograms[program])
    running.stdin.on('error', () => {}) // a broken pipe is its end, which `done` tells
    const waiting: Waiting = {running, over: false}
    void running.done.finally(() => {
      waiting.over = true
    })
    return waiting
  }
}
