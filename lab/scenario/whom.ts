/** Whom a scenario may name: a selector, a host, or an earlier step. */

import {selectors} from '../cluster/selector.ts'
import {suggestion} from '../words/did-you-mean.ts'
import {nameRules} from '../words/plain-text.ts'

/** In a scenario, a host is told from a mistyped selector by the number at the end of its name. */
export const hostName = new RegExp(`(?=.*\\d$)${nameRules.host.pattern.source}`)

/** Why `word` names nobody, with the nearest name; undefined when it names somebody. */
export function namesNobody(word: string, steps: Iterable<string> = []): string | undefined {
  const known = [...selectors, ...steps]
  if (known.includes(word) || hostName.test(word)) return undefined
  const near = suggestion(word, known)
  return `\`${word}\` names nobody${near}${near.startsWith(';') ? ', or a host such as node1' : ''}`
}
