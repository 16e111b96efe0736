/** How the clients of an entry are let in and dealt out, as far as its file says it. */
import type {HaproxyProxy} from './proxies.ts'
import type {HaproxyLine} from './read.ts'

/** HAProxy tries three times more where nobody says, and goes to another server only where it is told to. */
export interface LettingIn {
  readonly retries: number
  readonly redispatch: boolean
  readonly tcpka?: true
  /** Of all clients; at most 20000. */
  readonly maxconn?: number
}

export function lettingIn({file, lines}: HaproxyProxy): LettingIn {
  const number = (of: readonly HaproxyLine[], key: string) => {
    const text = of.findLast(({words: [first]}) => first?.text === key)?.words[1]?.text ?? ''
    return /^\d{1,6}$/.test(text) ? Number(text) : undefined
  }
  const most = number(
    file.sections.filter(({type}) => type === 'global').flatMap(({lines: of}) => of),
    'maxconn',
  )
  const option = (name: string) => lines.findLast(({words}) => words.some(({text}) => text === name))
  const [redispatch, tcpka] = [option('redispatch'), option('tcpka')]
  return {
    retries: Math.min(1000, number(lines, 'retries') ?? 3),
    redispatch: redispatch !== undefined && redispatch.words[0]?.text !== 'no',
    ...(tcpka !== undefined && tcpka.words[0]?.text !== 'no' ? {tcpka: true} : {}),
    ...(most === undefined || most < 1 ? {} : {maxconn: Math.min(20_000, most)}),
  }
}

/** Its `balance`; where nobody says, HAProxy goes by turns. */
export function balanceOf({lines}: HaproxyProxy): string {
  return lines.findLast(({words: [first]}) => first?.text === 'balance')?.words[1]?.text ?? 'roundrobin'
}
