/** The words behind a server of a haproxy.cfg. */

import type {Word} from '../words/place.ts'
import {serverBareWords} from './keywords.ts'

/** `check port 8008 inter 2s`: each word that is an option, with the word behind it. */
export type Options = ReadonlyMap<string, Word & {readonly value: string}>

const withoutValue = new Set(serverBareWords)

export function optionsOf(words: readonly Word[]): Options {
  const options = new Map<string, Word & {value: string}>()
  for (let at = 0; at < words.length; at++) {
    const word = words[at]
    if (word === undefined) break
    const alone = withoutValue.has(word.text) || /^(no-|force-)/.test(word.text)
    options.set(word.text, {...word, value: alone ? '' : (words[at + 1]?.text ?? '')})
    if (!alone) at++
  }
  return options
}
