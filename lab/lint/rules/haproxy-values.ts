/** Values and names with which HAProxy does not start, or that it takes otherwise than they read. */
import {isOff, namedIn, proxiesOf} from '../../haproxy/proxies.ts'
import {type HaproxyFile, type HaproxyLine, type HaproxySection, haproxyTime} from '../../haproxy/read.ts'
import type {Word} from '../../words/place.ts'
import type {Files} from '../read/read.ts'
import type {Found, Rule} from '../rule.ts'

const manual = 'HAProxy, configuration manual'

export const haproxyValues: readonly Rule[] = [
  {
    id: 'haproxy/name-unknown',
    severity: 'error',
    about: 'a backend or a server that is not there: HAProxy refuses to start',
    source: `${manual}: default_backend, use_backend, track, use-server; tried with 2.6: unable to find required default_backend`,
    fix: 'the name of a backend or listen, or of a server, that is there',
    find: files =>
      files.haproxy
        .filter(({hasConditions}) => !hasConditions)
        .flatMap(file => [...missingBackends(file), ...missingServers(file)]),
  },
  {
    id: 'haproxy/bad-value',
    severity: 'error',
    about: 'a value that HAProxy does not take: it refuses to start',
    source: `${manual}: 2.5 time format, inter, fall, rise, weight; tried with 2.6`,
    fix: 'a whole number, and for a time its unit: us, ms, s, m, h or d',
    find: files => valuesIn(files).flatMap(badValue),
  },
  {
    id: 'haproxy/unit-with-more',
    severity: 'warning',
    about:
      'more than a unit stands behind the number: HAProxy takes its first letter, and is to refuse it in a later release',
    source: 'HAProxy, tools.c: parse_time_err; tried with 2.6: a warning',
    fix: 'us, ms, s, m, h or d alone',
    find: files =>
      valuesIn(files).flatMap(({key, word, kind}): Found[] => {
        const [, taken] = /^(\d+(?:us|ms|s|m(?!s)|h|d))./.exec(word.text) ?? []
        if (kind === 'count' || taken === undefined) return []
        return [{place: word.place, says: `${key} ${word.text} is taken as ${taken}`, fix: `${key} ${taken}`}]
      }),
  },
  {
    id: 'haproxy/check-not-undone',
    severity: 'error',
    about: '`no` before an option for a check: HAProxy refuses to start',
    source: 'tried with 2.6: negation/default is not supported for option httpchk',
    fix: 'another kind of check in its place, or a `defaults` without it',
    find: files =>
      linesOf(files).flatMap(({words: [first, second, third]}): Found[] =>
        /^(no|default)$/.test(first?.text ?? '') &&
        second?.text === 'option' &&
        /^(httpchk|smtpchk|ssl-hello-chk|(tcp|external|[a-z]+sql|ldap|redis|spop)-check)$/.test(third?.text ?? '')
          ? [
              {
                place: first!.place,
                says: `HAProxy has no \`${first?.text} option ${third?.text}\`, and refuses to start`,
              },
            ]
          : [],
      ),
  },
]

const proxyTypes = /^(defaults|frontend|backend|listen)$/

function linesOf(files: Files): readonly HaproxyLine[] {
  return files.haproxy.flatMap(({sections}) =>
    sections.filter(({type}) => proxyTypes.test(type)).flatMap(({lines}) => lines),
  )
}

interface Value {
  readonly key: string
  readonly word: Word
  /** Of a `pause` and of a `count` there must be one, a `limit` may be 0. */
  readonly kind: 'pause' | 'limit' | 'count'
}

const kinds: Readonly<Record<string, Value['kind']>> = {
  inter: 'pause',
  fastinter: 'pause',
  downinter: 'pause',
  'agent-inter': 'pause',
  slowstart: 'limit',
  fall: 'count',
  rise: 'count',
  'error-limit': 'count',
}

/** What the environment says nobody knows here. */
function valuesIn(files: Files): readonly Value[] {
  const limits = linesOf(files).flatMap(({words: [first, second, third]}): Value[] =>
    first?.text === 'timeout' && second !== undefined && third !== undefined
      ? [{key: `timeout ${second.text}`, word: third, kind: 'limit'}]
      : [],
  )
  const ofServers = linesOf(files).flatMap(({words}): Value[] => {
    const [first] = words
    const skipped = {server: 3, 'default-server': 1, 'server-template': 4}[first?.text ?? '']
    if (skipped === undefined) return []
    return words.slice(skipped).flatMap((key, index, all): Value[] => {
      const [word, kind] = [all[index + 1], Object.hasOwn(kinds, key.text) ? kinds[key.text] : undefined]
      return kind === undefined || word === undefined ? [] : [{key: key.text, word, kind}]
    })
  })
  return [...limits, ...ofServers].filter(({word}) => !word.text.includes('$'))
}

/** 2^31 - 1 ms. */
const longest = 2_147_483_647

function badValue({key, word, kind}: Value): Found[] {
  const {text, place} = word
  const says = (why: string): Found[] => [{place, says: `${key} ${text}: ${why}, and HAProxy refuses to start`}]
  if (kind === 'count') return Number.parseInt(text, 10) > 0 ? [] : says('it has to be more than 0')
  const time = haproxyTime(text)
  if (time === undefined) return says('this is no time')
  if (time > longest) return says('HAProxy has at most 24 days')
  return kind === 'pause' && time === 0 ? says('it has to be more than 0') : []
}

function missingBackends({sections}: HaproxyFile): Found[] {
  const there = new Set(sections.filter(({type}) => /^(backend|listen)$/.test(type)).map(({name}) => name))
  const isRunning = ({type, lines}: HaproxySection) => proxyTypes.test(type) && !isOff(lines)
  return sections.filter(isRunning).flatMap(({lines}) =>
    lines.flatMap(({words: [first, second], place}): Found[] => {
      if (!/^(default_backend|use_backend)$/.test(first?.text ?? '') || second === undefined) return []
      // A name that is made for each client, or comes from the environment.
      return /[%$]/.test(second.text) || there.has(second.text)
        ? []
        : [{place, says: `no backend is called ${second.text}: HAProxy refuses to start`}]
    }),
  )
}

function missingServers(file: HaproxyFile): Found[] {
  const all = proxiesOf(file)
  return all.flatMap(proxy => {
    const {section, servers, isOff: isAway} = proxy
    if (isAway || section.lines.some(({words: [first]}) => first?.text === 'server-template')) return []
    const isThere = (word: string) => /[%$]/.test(word) || namedIn(word, proxy, all) !== undefined
    const tracked = servers.flatMap(({own, place}): Found[] => {
      const word = own.get('track')
      return word === undefined || isThere(word.value)
        ? []
        : [{place, says: `no server is called ${word.value}, which this one tracks: HAProxy refuses to start`}]
    })
    const used = section.lines.flatMap(({words: [first, second], place}): Found[] =>
      first?.text !== 'use-server' || second === undefined || isThere(second.text)
        ? []
        : [{place, says: `no server is called ${second.text}: HAProxy refuses to start`}],
    )
    return [...tracked, ...used]
  })
}
