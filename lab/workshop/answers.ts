/** What somebody typed as an answer, held against what is the case. */
import {predict} from '../budget/prediction.ts'
import type {HostName, Topology} from '../topology/topology.ts'
import {loadTopology} from '../topology/topology-file.ts'
import {nearest} from '../words/did-you-mean.ts'
import {LabError} from '../words/errors.ts'
import {sayMicros} from '../words/quantity.ts'
import type {Form} from './facts.ts'
import type {Choice, Source} from './lesson.ts'
import {isAsPrinted, numberForms, numberIn} from './numbers.ts'
import {seconds, type Truth} from './truth.ts'

/** `unread`: it is no answer of this kind, and counts as none. */
export interface Judged {
  readonly verdict: 'right' | 'wrong' | 'unread'
  /** Right: what is the case. Wrong: in which direction it is, and not what. */
  readonly says: string
  /** A number as it was understood, in seconds, in bytes or as a count; null: it was none. */
  readonly number: number | null
}

/** How an answer is to be given, for the prompt. */
export const forms: Readonly<Record<Form, string>> = {
  hosts: "a host's name",
  ...numberForms,
  word: 'a word',
  yes: 'yes or no',
}

/** @param known the lab's hosts: another name is a slip and no wrong answer. */
export function judgeAnswer(
  written: string,
  truth: Truth,
  withinPercent: number | null,
  known: readonly HostName[],
): Judged {
  const {value} = truth
  const said = written.trim().toLowerCase()
  const verdict = (isRight: boolean, nudge: string, number: number | null = null): Judged =>
    isRight
      ? {verdict: 'right', says: `${truth.says}.`, number}
      : {verdict: 'wrong', says: `You said ${written.trim()}. ${nudge}`, number}
  switch (value.kind) {
    case 'hosts': {
      const named = said.split(/[\s,]+|\band\b/).filter(one => one !== '')
      const stranger = named.find(one => one !== 'nobody' && !known.includes(one))
      if (named.length === 0 || stranger !== undefined) return unread(notHost(stranger ?? '', known))
      if (said === 'nobody') return verdict(value.hosts.length === 0, 'There is one.')
      const isRight = named.every(one => value.hosts.includes(one))
      return verdict(isRight, named.length > 1 ? 'Not all of them.' : 'It is another one.')
    }
    case 'number': {
      const typed = numberIn(written, value.unit)
      if ('refused' in typed) return unread(typed.refused)
      const {number} = typed
      if (value.unit === 'bytes' && isAsPrinted(written, value.most)) return verdict(true, '', number)
      const share = withinPercent ?? (value.unit === 'seconds' ? usualPercent : 0)
      // Less than half a second nobody means.
      const room = Math.max((share / 100) * value.most, value.unit === 'seconds' ? 0.5 : 0)
      if (number < value.least - room) return verdict(false, 'It is more than that.', number)
      return verdict(number <= value.most + room, 'It is less than that.', number)
    }
    case 'word':
      return said === ''
        ? unread('A word is asked for.')
        : verdict(said === value.word.toLowerCase(), 'It is another word.')
    case 'yes': {
      const meant = yesIn(said)
      return meant === null ? unread('Answer yes or no.') : verdict(meant === value.yes, 'It is the other way round.')
    }
  }
}

/** Around a time that was measured or predicted. */
const usualPercent = 15

export function judgeChoice(written: string, choices: readonly Choice[]): Judged {
  const index = letters.indexOf(written.trim().toLowerCase().replace(/[).]$/, ''))
  const choice = choices[index]
  if (index < 0 || choice === undefined) return unread(`Answer with a letter from a to ${letters[choices.length - 1]}.`)
  return {verdict: choice.right ? 'right' : 'wrong', says: choice.why, number: null}
}

export const letters: readonly string[] = ['a', 'b', 'c', 'd', 'e', 'f']

export function yesIn(said: string): boolean | null {
  if (/^(y|yes|true|on)$/i.test(said.trim())) return true
  return /^(n|no|false|off)$/i.test(said.trim()) ? false : null
}

/** What the timings of this lab, with other settings where the lesson has some, imply. */
export function predicted({fault, of, set}: Extract<Source, {from: 'model'}>, topology: Topology): Truth {
  const asked = set.length === 0 ? topology : changed(topology, set)
  const [found] = predict(asked, [fault]).faults
  const {outage = null, margin = null, phases = []} = found ?? {}
  const lease = phases.find(one => one.phase === 'keyGone')?.at.bounds
  const bounds = of === 'lease' ? lease : of === 'margin-least' ? margin?.length.bounds : outage?.length.bounds
  if (bounds === undefined)
    throw new LabError(
      'not-ready',
      `the model says nothing of ${of} after ${fault}: ${found?.why ?? 'nobody takes over'}`,
    )
  const [least, most] = of.endsWith('-least')
    ? [bounds[0], bounds[0]]
    : of === 'outage-most'
      ? [bounds[1], bounds[1]]
      : bounds
  const range = least === most ? sayMicros(least) : `${sayMicros(least)} to ${sayMicros(most)}`
  return seconds(least / 1e6, most / 1e6, `the model says ${range}${set.length > 0 ? ` with ${set.join(', ')}` : ''}`)
}

/** The same hosts with the timings of this lab's profile and these settings, as `predict --set` has them. */
function changed(topology: Topology, set: readonly string[]): Topology {
  const {patroni, haproxy} = loadTopology({profile: topology.profile, set, asPatroniWould: true})
  return {...topology, patroni, haproxy}
}

function unread(says: string): Judged {
  return {verdict: 'unread', says, number: null}
}

function notHost(said: string, known: readonly HostName[]): string {
  const meant = nearest(said, known)
  return `${said === '' ? 'A host is asked for' : `This lab has no host ${said}`}${meant === undefined ? `: it has ${known.join(', ')}` : `, did you mean ${meant}?`}${meant === undefined ? '.' : ''}`
}
