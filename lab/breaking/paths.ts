/** Which paths between hosts are open: TCP connections asked for from inside the hosts, in shells that are open already. */

import {openShell, type Shell} from '../cluster/shell.ts'
import type {Lab} from '../engine/lab.ts'
import type {HostName} from '../topology/topology.ts'
import type {Dial} from './cuts.ts'

/** `refused`: an answer came, and it was no (a reset, or ICMP); `silent`: none came in time. */
export type DialAnswer = 'open' | 'refused' | 'silent'

export interface Dialled extends Dial {
  readonly answer: DialAnswer
}

/** Shells on several hosts at once. */
export class Shells implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack
  readonly #shells: ReadonlyMap<HostName, Shell>

  private constructor(stack: AsyncDisposableStack, shells: ReadonlyMap<HostName, Shell>) {
    this.#stack = stack
    this.#shells = shells
  }

  static async open(lab: Lab, hosts: Iterable<HostName>): Promise<Shells> {
    await using stack = new AsyncDisposableStack()
    const opened = await Promise.all(
      [...new Set(hosts)].map(async host => [host, stack.use(await openShell(lab, host))] as const),
    )
    return new Shells(stack.move(), new Map(opened))
  }

  has(host: HostName): boolean {
    return this.#shells.has(host)
  }

  /** What each host prints, all at the same time. */
  async run(script: (host: HostName) => string | null): Promise<ReadonlyMap<HostName, string>> {
    const printed = await Promise.all(
      [...this.#shells].flatMap(([host, shell]) => {
        const text = script(host)
        return text === null ? [] : [shell.run(text).then(out => [host, out] as const)]
      }),
    )
    return new Map(printed)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync()
  }
}

/** Tries all connections at once; those from hosts without a shell are left out. */
export async function ask(
  lab: Lab,
  shells: Shells,
  attempts: readonly Dial[],
  withinSeconds: number,
): Promise<readonly Dialled[]> {
  const byHost = Map.groupBy(attempts, one => one.from)
  const printed = await shells.run(host => {
    const own = byHost.get(host)
    return own === undefined ? null : askScript(lab.allocation.addresses, own, withinSeconds)
  })
  return [...printed].flatMap(([host, out]) => answersOf(byHost.get(host) ?? [], out))
}

export function askScript(
  addresses: Readonly<Record<HostName, string>>,
  attempts: readonly Dial[],
  withinSeconds: number,
): string {
  const tries = attempts.map(
    ({to, port}, index) =>
      `{ timeout ${withinSeconds} bash -c ': < /dev/tcp/${addresses[to]}/${port}' 2> /dev/null; echo "${index} $?"; } &\n`,
  )
  return `${tries.join('')}wait`
}

/** timeout(1) ends with 124 when the time is up, bash with 1 when the connection is refused. */
export function answersOf(attempts: readonly Dial[], printed: string): readonly Dialled[] {
  const codes = new Map(printed.split('\n').map(line => line.split(' ') as [string, string]))
  return attempts.flatMap((attempt, index): Dialled[] => {
    const code = codes.get(String(index))
    if (code === undefined) return []
    return [{...attempt, answer: code === '0' ? 'open' : code === '124' ? 'silent' : 'refused'}]
  })
}
