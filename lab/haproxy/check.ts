/** What the servers of a proxy are asked, on which port, and who of a cluster answers that with yes. */

import {type ExpectedBody, expectedBody, whoseBody} from './expected-body.ts'
import {optionsOf} from './options.ts'
import type {HaproxyServer} from './proxies.ts'
import type {HaproxyLine} from './read.ts'

export interface HaproxyCheck {
  /** The option that counts: the last one. */
  readonly by: 'httpchk' | 'tcp-check' | 'pgsql-check' | 'other'
  /** Whether an HTTP request is sent of whose answer something is expected: by httpchk, or written out in tcp-check. */
  readonly asksHttp: boolean
  /** Whom a query sent to PostgreSQL itself is for; undefined where none is sent. */
  readonly asksSql: 'primary' | 'replicas' | 'unknown' | undefined
  readonly line: HaproxyLine
  readonly method: string
  readonly path: string
  /** What `http-check expect status` asks for, or the status that stands in a `tcp-check expect`. */
  readonly expected: string | undefined
  /** What has to stand in the body of the answer; its status does not count then. */
  readonly body: ExpectedBody | undefined
  /** A port that `http-check connect` or `tcp-check connect` names. */
  readonly port: number | undefined
  /** Whether that connect speaks TLS; undefined where it leaves that to the server. */
  readonly inTls: boolean | undefined
  /** The option that a later one took the place of, in the same section. */
  readonly overridden: HaproxyLine | undefined
}

export function checkOf(inherited: readonly HaproxyLine[], own: readonly HaproxyLine[]): HaproxyCheck | undefined {
  const isCheck = ({words: [first, second]}: HaproxyLine) =>
    first?.text === 'option' && /^(httpchk|tcp-check|[a-z]+-check|smtpchk|ssl-hello-chk)$/.test(second?.text ?? '')
  const mine = own.filter(isCheck)
  const line = mine.at(-1) ?? inherited.findLast(isCheck)
  if (line === undefined) return undefined
  const what = line.words[1]?.text
  const rules = [...inherited, ...own]
  return {
    by: what === 'httpchk' || what === 'tcp-check' || what === 'pgsql-check' ? what : 'other',
    line,
    ...(what === 'tcp-check' ? writtenOut(rules) : byHttpchk(line, rules, what === 'httpchk')),
    asksSql: what === 'tcp-check' ? queryIn(rules) : undefined,
    overridden: mine.findLast(one => one !== line && one.words[1]?.text !== what),
  }
}

type Asked = Pick<HaproxyCheck, 'asksHttp' | 'method' | 'path' | 'expected' | 'body' | 'port' | 'inTls'>

function byHttpchk({words}: HaproxyLine, rules: readonly HaproxyLine[], asksHttp: boolean): Asked {
  const asked = words.slice(2).map(({text}) => text)
  const sent = rules.findLast(line => isRule(line, 'http-check', 'send'))
  const send = optionsOf(sent?.words.slice(2) ?? [])
  const [method = 'OPTIONS', path = '/'] = asked.length === 1 ? [undefined, asked[0]] : asked
  return {
    asksHttp,
    method: send.get('meth')?.value ?? method,
    path: send.get('uri')?.value ?? path,
    ...expectedOf(rules),
    ...connecting(rules.findLast(line => isRule(line, 'http-check', 'connect'))),
  }
}

/** HTTP by hand: a request that is sent, and an answer that is expected after it. Other words are no question of who leads. */
function writtenOut(rules: readonly HaproxyLine[]): Asked {
  const steps = rules.filter(({words: [first]}) => first?.text === 'tcp-check')
  const at = steps.findIndex(step => requestIn(step) !== undefined)
  const expect = at < 0 ? undefined : steps.slice(at).find(step => isRule(step, 'tcp-check', 'expect'))
  const before = at < 0 ? steps : steps.slice(0, at)
  const request = at < 0 ? undefined : requestIn(steps[at]!)
  return {
    asksHttp: expect !== undefined,
    method: request?.method ?? 'OPTIONS',
    path: request?.path ?? '/',
    expected: expect === undefined ? undefined : statusIn(expect),
    body: undefined,
    ...connecting(before.findLast(step => isRule(step, 'tcp-check', 'connect'))),
  }
}

/** A query is the packet `Q` of PostgreSQL's protocol, mostly in hex digits; its answer is one letter or word in what is expected last. */
function queryIn(rules: readonly HaproxyLine[]): HaproxyCheck['asksSql'] {
  const steps = rules.filter(({words: [first]}) => first?.text === 'tcp-check')
  const sent = steps.flatMap(step => sentIn(step) ?? [])
  const last = steps.findLast(step => isRule(step, 'tcp-check', 'expect'))
  if (last === undefined || !sent.some(text => text.startsWith('Q') || /\bselect\b|\bshow\b/i.test(text)))
    return undefined
  const text = sent.join('')
  const said = last.words.map(word => word.text)
  const isBinary = said.some(word => /^r?binary(-lf)?$/.test(word))
  const answer = said.at(-1) ?? ''
  const letters = (isBinary ? Buffer.from(answer.replace(/[^\da-f]/gi, ''), 'hex').toString('latin1') : answer).replace(
    /\W+$/,
    '',
  )
  const isAnswer = (no: string, yes: string) =>
    letters.endsWith(no) ? false : letters.endsWith(yes) ? true : undefined
  const isStandby = /pg_is_in_recovery/i.test(text)
    ? isAnswer('f', 't')
    : /transaction_read_only/i.test(text)
      ? isAnswer('off', 'on')
      : undefined
  if (isStandby === undefined) return 'unknown'
  const isTurned = said.includes('!') !== /\bnot\s+pg_is_in_recovery/i.test(text)
  return isStandby === isTurned ? 'primary' : 'replicas'
}

function sentIn({words: [, how, what]}: HaproxyLine): string | undefined {
  if (!/^send(-binary)?(-lf)?$/.test(how?.text ?? '')) return undefined
  const text = what?.text ?? ''
  return how?.text.startsWith('send-binary') ? Buffer.from(text, 'hex').toString('latin1') : text
}

function requestIn(line: HaproxyLine): {readonly method: string; readonly path: string} | undefined {
  const text = sentIn(line)
  if (text === undefined) return undefined
  const [, method, path] = /^(GET|HEAD|OPTIONS) (\S+) HTTP\//.exec(text) ?? []
  return method === undefined || path === undefined ? undefined : {method, path}
}

function statusIn({words}: HaproxyLine): string | undefined {
  const [, status] = /(?:^|\D)([1-5]\d\d)(?:\D|$)/.exec(words.at(-1)?.text ?? '') ?? []
  const isNot = words.some(({text}) => text === '!')
  return status === undefined ? undefined : `${isNot ? '! ' : ''}${status}`
}

function connecting(connect: HaproxyLine | undefined): Pick<Asked, 'port' | 'inTls'> {
  const said = connect?.words.slice(2).map(({text}) => text) ?? []
  const port = /^\d{1,5}$/.exec(said[said.indexOf('port') + 1] ?? '')?.[0]
  const isLeft = connect === undefined || (said.includes('default') && !said.includes('ssl'))
  return {port: port === undefined ? undefined : Number(port), inTls: isLeft ? undefined : said.includes('ssl')}
}

function isRule({words: [first, second]}: HaproxyLine, family: string, what: string): boolean {
  return first?.text === family && second?.text === what
}

function expectedOf(rules: readonly HaproxyLine[]): Pick<Asked, 'expected' | 'body'> {
  const expect = rules.findLast(line => isRule(line, 'http-check', 'expect'))
  if (expect === undefined) return {expected: undefined, body: undefined}
  const at = expect.words.findIndex(({text}) => text === 'status')
  if (at < 0) return {expected: undefined, body: expectedBody(expect)}
  const words = expect.words.slice(2, at + 2).map(({text}) => text)
  return {expected: words.join(' ').replace(/^.*?(!? ?)status /, '$1'), body: undefined}
}

/** Where a server is asked how it is: what a connect says counts before what the server says (HAProxy, tcpcheck.c). */
export function checkPort(server: HaproxyServer, check: HaproxyCheck | undefined): number | undefined {
  const {options, address} = askedFor(server)
  const own = options.get('port')?.value
  return check?.port ?? (own === undefined ? address.port : Number(own))
}

/** A connect of its own speaks TLS if it says so, whatever the server says (HAProxy, tcpcheck.c). */
export function checksInTls(server: HaproxyServer, check: HaproxyCheck | undefined): boolean {
  const {options} = askedFor(server)
  return check?.inTls ?? (options.has('check-ssl') && !options.has('no-check-ssl'))
}

/** Which server is asked in its place: the one that it tracks, or itself. */
export function askedFor(server: HaproxyServer): HaproxyServer {
  return server.tracked?.server ?? server
}

/** Whom a check is for; unknown where a program, a query or a word of somebody's own is asked for. Undefined where nothing asks who is what. */
export function roleAsked(check: HaproxyCheck | undefined): Answering | 'unknown' | undefined {
  if (check === undefined) return undefined
  if (!check.asksHttp) return check.asksSql ?? (check.line.words[1]?.text === 'external-check' ? 'unknown' : undefined)
  if (check.body !== undefined) return meant(check, check.body)
  return isTurned(check) ? turned[answering(check)] : answering(check)
}

/** Whether those are chosen that answer with 503: who is not what is asked for. */
export function isTurned({expected}: Pick<HaproxyCheck, 'expected'>): boolean {
  return expected === '503' || /^!\s*200$/.test(expected ?? '')
}

/** Who answers with 503; of who is ill and does so, too, nothing is known here. */
const turned: Readonly<Record<Answering, Answering>> = {
  primary: 'replicas',
  leader: 'replicas',
  replicas: 'primary',
  several: 'nobody',
  nobody: 'several',
}

function meant({method, path}: HaproxyCheck, body: ExpectedBody): Answering | 'unknown' {
  const who = whoseBody(routeOf(path), method, body)
  if (who === undefined) return 'unknown'
  if (who.has('primary')) return who.has('replica') ? 'several' : who.has('standby_leader') ? 'leader' : 'primary'
  return who.has('replica') ? 'replicas' : who.has('standby_leader') ? 'leader' : 'nobody'
}

export function asksWhoLeads(check: HaproxyCheck | undefined): boolean {
  const role = roleAsked(check)
  return role === 'primary' || role === 'leader'
}

/** Who of a cluster answers 200 to this question (Patroni, api.py: do_GET and the routes do_GET_<name>). */
export type Answering = 'primary' | 'leader' | 'replicas' | 'several' | 'nobody'

export function answering({method, path}: Pick<HaproxyCheck, 'method' | 'path'>): Answering {
  const asked = pathOf(path)
  const route = routeOf(path)
  if (method === 'GET' && /^(liveness|readiness|patroni|cluster|history|config|metrics)$/.test(route)) return 'several'
  if (asked === '/' || asked === '') return 'primary'
  if (/standby[-_]leader|leader/.test(asked)) return 'leader'
  if (/master|primary|read-write/.test(asked)) return 'primary'
  if (/replica/.test(asked)) return 'replicas'
  if (/^\/(sync|synchronous|quorum|async|asynchronous)$/.test(asked)) return 'replicas'
  if (/^\/read-only-(sync|synchronous|quorum)$/.test(asked)) return 'several'
  if (/read-only|health/.test(asked) && !/read-only.*(sync|quorum)/.test(asked)) return 'several'
  return 'nobody'
}

function pathOf(path: string): string {
  return path.replace(/^https?:\/\/[^/]*/, '').replace(/\?.*$/, '')
}

/** The first word of a path, by which Patroni finds who answers. */
function routeOf(path: string): string {
  return pathOf(path).replace(/^\/+/, '').split('/')[0] ?? ''
}
