/** When a lab that comes up is ready to be used: all of it, as `up` waits, or as much as somebody asks for. */
import {badCertificates, sayBadCertificate} from '../cluster/certificates.ts'
import {firstWrite} from '../cluster/first-write.ts'
import {streaming, whoStreams} from '../cluster/streaming.ts'
import {untilHealthy, type Wait as Waiting, waitFor} from '../cluster/wait.ts'
import type {Lab} from '../engine/lab.ts'
import {anew} from '../state/state.ts'
import {firstCluster} from '../topology/clusters.ts'
import {hostsWith, type Topology} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import {runOn} from './run-on.ts'

/** What is waited for. */
export interface Readiness {
  /** Continues "wait until ...". */
  readonly says: string
  /** Why no lab of this topology gets so far; undefined: it can. */
  mistakeIn?(topology: Topology): string | undefined
  /** @throws LabError as `waitFor` */
  wait(lab: Lab, waiting: Waiting): Promise<unknown>
}

/** One that can be given more or less time than the two minutes that it has. */
export class WaitStrategy implements Readiness {
  readonly #of: Readiness
  readonly #withinMs: number | undefined

  constructor(of: Readiness, withinMs?: number) {
    this.#of = of
    this.#withinMs = withinMs
  }

  get says(): string {
    return this.#of.says
  }

  /** The same with this much time, counted from when the one before it has come true. */
  withStartupTimeout(ms: number): WaitStrategy {
    return new WaitStrategy(this.#of, ms)
  }

  mistakeIn(topology: Topology): string | undefined {
    return this.#of.mistakeIn?.(topology)
  }

  wait(lab: Lab, waiting: Waiting): Promise<unknown> {
    return this.#of.wait(lab, this.#withinMs === undefined ? waiting : {...waiting, withinMs: this.#withinMs})
  }
}

/** What a cluster can be waited for with. */
export const Wait = {
  /**
   * Healthy in all its parts, as `pgha-lab status` says it: what is waited for when nothing else is said.
   * @param forMs how long it has to stay so.
   */
  forHealthy({forMs = 0}: {readonly forMs?: number} = {}): WaitStrategy {
    return new WaitStrategy({
      says: forMs === 0 ? 'the cluster is healthy' : `the cluster has been healthy for ${forMs / 1000} s`,
      async wait(lab, waiting) {
        await untilWritable(lab, waiting)
        await untilHealthy(lab, {...waiting, forMs})
      },
    })
  },

  /** A write through the way in of apps is committed: there is a primary and a proxy that knows it, whoever else is still on the way. */
  forWrites(): WaitStrategy {
    return new WaitStrategy({
      says: 'the cluster takes writes',
      wait: (lab, waiting) => waitFor('a write through HAProxy', () => writes(lab), waiting),
    })
  },

  /** One primary, and at least as many replicas stream from whom they are to. */
  forStreamingReplicas(count: number): WaitStrategy {
    return new WaitStrategy({
      says: `${sayReplicas(count)} from the primary`,
      mistakeIn(topology) {
        const most = hostsWith(firstCluster(topology), 'patroni').length - 1
        if (Number.isInteger(count) && count >= 0 && count <= most) return undefined
        return `${count} streaming replicas are waited for, and the cluster has ${most}`
      },
      wait: (lab, waiting) =>
        waitFor(
          `${count} replicas to stream`,
          async () => {
            const seen = await whoStreams(lab)
            if (typeof seen === 'string' || seen.replicas.length >= count) return seen
            return `${sayReplicas(seen.replicas.length)}; ${seen.missing.join(' and ')} not yet`
          },
          waiting,
        ),
    })
  },

  /** A command ends with 0. @param on a host, or a selector that means one, such as `leader`. */
  forSuccessfulCommand(on: string, command: readonly string[]): WaitStrategy {
    return new WaitStrategy({
      says: `${command[0] ?? ''} succeeds on ${on}`,
      mistakeIn: () => (command.length === 0 ? 'a command that is waited for has at least one word' : undefined),
      wait: (lab, waiting) =>
        waitFor(`${command.join(' ')} to succeed on ${on}`, () => succeeds(lab, on, command), waiting),
    })
  },

  /** One after the other, each with its own time. */
  forAll(strategies: readonly Readiness[]): WaitStrategy {
    return new WaitStrategy({
      says: strategies.map(one => one.says).join(', and '),
      mistakeIn: topology => strategies.map(one => one.mistakeIn?.(topology)).find(one => one !== undefined),
      async wait(lab, waiting) {
        for (const one of strategies) await one.wait(lab, waiting)
      },
    })
  },
} as const

/** All members stream, and writes get in; its read-only routes come last of what healthy is made of. */
export async function untilWritable(lab: Lab, waiting: Waiting): Promise<void> {
  await waitFor('all members to stream from one leader', () => streamingBelieved(lab), waiting)
  await waitFor('a write through HAProxy', () => writes(lab), waiting)
}

/** A server that nobody believes would be waited for in vain. */
async function streamingBelieved(lab: Lab) {
  const seen = await streaming(lab)
  const [bad] =
    typeof seen === 'string'
      ? await badCertificates(lab, {etcd: hostsWith(lab.topology, 'etcd'), patroni: []}, 1000)
      : []
  if (bad === undefined) return seen
  throw new LabError('not-ready', `waiting does not mend it: ${sayBadCertificate(bad)}`, {hint: anew(lab.name)})
}

async function writes(lab: Lab): Promise<object | string> {
  try {
    await firstWrite(lab)
    return {}
  } catch (error) {
    return `HAProxy does not route a write yet: ${(error as Error).message}`
  }
}

async function succeeds(lab: Lab, on: string, command: readonly string[]): Promise<object | string> {
  try {
    const {code, out, err} = await runOn(lab, on, command)
    const [last = ''] = (err.trim() || out.trim()).split('\n').slice(-1)
    return code === 0 ? {} : `it ended with ${code}${last === '' ? '' : `: ${last}`}`
  } catch (error) {
    // Nobody leads yet.
    if (error instanceof LabError && error.code === 'no-target') return error.message
    throw error
  }
}

function sayReplicas(count: number): string {
  return count === 1 ? '1 replica streams' : `${count} replicas stream`
}
