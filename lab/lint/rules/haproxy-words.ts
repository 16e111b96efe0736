/** Words that HAProxy does not know: it starts with none of them, so what is told is a slip of the fingers, with the word that was meant. */
import {
  globalWords,
  httpCheckWords,
  optionWords,
  proxyWords,
  serverBareWords,
  serverValueWords,
  tcpCheckWords,
  timeoutWords,
} from '../../haproxy/keywords.ts'
import {type HaproxyLine, type HaproxySection, sectionTypes} from '../../haproxy/read.ts'
import {nearest} from '../../words/did-you-mean.ts'
import type {Word} from '../../words/place.ts'
import type {Found, Rule} from '../rule.ts'

const manual = 'HAProxy, configuration manual'

export const haproxyWords: readonly Rule[] = [
  {
    id: 'haproxy/outside-section',
    severity: 'error',
    about: 'a line before the first section: HAProxy refuses to start',
    source: `${manual}: 2. Configuring HAProxy; tried with 2.6: unknown keyword out of section`,
    fix: 'begin with a section: global, defaults, frontend, backend or listen',
    find: files =>
      files.haproxy.flatMap(({strays}) => {
        const [first] = strays
        const [word] = first?.words ?? []
        if (first === undefined || word === undefined) return []
        const more = strays.length === 1 ? '' : `, and so do ${strays.length - 1} more lines`
        return [
          {
            place: first.place,
            says: `\`${word.text}\` stands before any section${more}: HAProxy refuses to start`,
            ...meantBy(word, [...sectionTypes]),
          },
        ]
      }),
  },
  {
    id: 'haproxy/unknown-word',
    severity: 'error',
    about: 'a word that HAProxy does not know, and nearly one that it knows: it refuses to start',
    source: `${manual}; haproxy -dKall (2.6)`,
    fix: 'spell it as HAProxy does',
    find: files =>
      files.haproxy.flatMap(({sections}) =>
        sections.flatMap(section => section.lines.flatMap(line => slips(section, line))),
      ),
  },
  {
    id: 'haproxy/defaults-unknown',
    severity: 'error',
    about: '`from` names no defaults that stand above: HAProxy refuses to start',
    source: `${manual}: 4. Proxies; cfgparse-listen.c: defaults section not found`,
    fix: 'the name of a defaults section that stands above',
    find: files =>
      files.haproxy
        .filter(({hasConditions}) => !hasConditions)
        .flatMap(({sections}) =>
          sections.flatMap(({from, place}, at) => {
            const above = sections.slice(0, at).filter(({type}) => type === 'defaults')
            return from === undefined || above.some(({name}) => name === from)
              ? []
              : [{place, says: `no defaults above are called ${from}`}]
          }),
        ),
  },
]

const proxies = /^(defaults|frontend|backend|listen)$/
const behind: Readonly<Record<string, readonly string[]>> = {
  option: optionWords,
  timeout: timeoutWords,
  'http-check': httpCheckWords,
  'tcp-check': tcpCheckWords,
  mode: ['tcp', 'http', 'log', 'health', 'spop', 'haterm'],
}
const ofServer: Readonly<Record<string, readonly string[]>> = {
  'on-marked-down': ['shutdown-sessions'],
  'on-marked-up': ['shutdown-backup-sessions'],
  'on-error': ['fastinter', 'fail-check', 'sudden-death', 'mark-down'],
  observe: ['layer4', 'layer7'],
  verify: ['none', 'required'],
}

function slips({type}: HaproxySection, {words}: HaproxyLine): Found[] {
  const [first, second, ...more] = /^(no|default)$/.test(words[0]?.text ?? '') ? words.slice(1) : words
  if (first === undefined) return []
  const known = type === 'global' ? globalWords : proxies.test(type) ? proxyWords : undefined
  // Any section may be followed by one whose name is misspelt.
  const own = known === undefined ? [] : slip(first, [...known, ...sectionTypes], '')
  if (own.length > 0 || !proxies.test(type)) return own
  const family = Object.hasOwn(behind, first.text) ? behind[first.text] : undefined
  if (family !== undefined && second !== undefined) return slip(second, family, `${first.text} `)
  if (first.text === 'server') return slipsOfServer(more.slice(1))
  if (first.text === 'default-server') return slipsOfServer(second === undefined ? [] : [second, ...more])
  return first.text === 'server-template' ? slipsOfServer(more.slice(2)) : []
}

function slipsOfServer(words: readonly Word[]): Found[] {
  const found: Found[] = []
  for (let at = 0; at < words.length; at++) {
    const [word, value] = [words[at]!, words[at + 1]]
    if (serverBareWords.includes(word.text)) continue
    if (!serverValueWords.includes(word.text))
      found.push(...slip(word, [...serverValueWords, ...serverBareWords], 'server '))
    else {
      const values = Object.hasOwn(ofServer, word.text) ? ofServer[word.text] : undefined
      if (values !== undefined && value !== undefined) found.push(...slip(value, values, `${word.text} `))
      at++
    }
  }
  return found
}

/** A word that is unknown, and near to a known one; what comes from the environment may be any. */
function slip(word: Word, known: readonly string[], before: string): Found[] {
  if (known.includes(word.text) || !/^[a-z][\w.-]*$/i.test(word.text)) return []
  const meant = nearest(word.text, known)
  if (meant === undefined) return []
  const says = `HAProxy knows no \`${before}${word.text}\`, did you mean \`${before}${meant}\`?`
  return [{place: word.place, says, fix: `${before}${meant}`}]
}

function meantBy({text}: Word, known: readonly string[]): Pick<Found, 'fix'> {
  const meant = nearest(text, known)
  return meant === undefined ? {} : {fix: `${meant}, if that is meant`}
}
