/** Each promotion raises the timeline by one, and no timeline has two leaders. */
import {z} from 'zod'
import type {Event} from '../history/event.ts'
import {momentsOf} from '../history/moments.ts'
import {ledByNobody, promotedWithoutKey, promotionsOf, sayLedByNobody} from '../history/promotions.ts'
import {primariesAtEnd} from '../history/rows.ts'
import {whyPromotionsUnseen} from '../history/servers-seen.ts'
import type {Check} from './check.ts'

export const timelineMonotone: Check<Record<string, never>> = {
  about: 'Every promotion raises the timeline by exactly one, and no two servers take writes on the same one.',
  evidence: ['postgres', 'rows', 'clients', 'engine', 'runner', 'etcd', 'logs'],
  params: z.strictObject({}),

  // By one it may well have raised the timeline; who led it, and what, nobody knows.
  contradiction(history) {
    const moments = momentsOf(history)
    const [sign] = moments === null ? [] : promotedWithoutKey(history, moments.steps, moments.end)
    return sign === undefined ? null : {sign, verdict: 'unknown'}
  },

  judge(history) {
    const promotions = promotionsOf(history)
    const moments = momentsOf(history)
    const blindness =
      moments === null ? 'the steps never began' : whyPromotionsUnseen(history, moments.steps, moments.end)
    if (promotions.length === 0) return {verdict: 'unknown', says: 'No server was ever seen taking writes.'}
    const bad: {says: string; evidence: Event[]}[] = []
    const first = new Map<number, (typeof promotions)[number]>()
    for (const one of promotions) {
      const other = first.get(one.timeline)
      if (other)
        bad.push({
          says: `${other.host} and ${one.host} both took writes on timeline ${one.timeline}`,
          evidence: [other.event, one.event],
        })
      else first.set(one.timeline, one)
    }
    const inOrder = [...first.values()]
    for (const [index, one] of inOrder.entries()) {
      const before = inOrder[index - 1]
      // A promotion that nobody saw looks like a leap.
      if (blindness === null && before && one.timeline !== before.timeline + 1)
        bad.push({
          says: `${one.host} took writes on timeline ${one.timeline} after ${before.host} on ${before.timeline}`,
          evidence: [before.event, one.event],
        })
    }
    for (const [timeline, both] of Map.groupBy(primariesAtEnd(history), one => one.timeline))
      if (both.length > 1)
        bad.push({
          says: `${both.map(one => one.host).join(' and ')} were out of recovery at the end, all on timeline ${timeline}`,
          evidence: both,
        })
    const [unled] = moments === null ? [] : ledByNobody(history, moments.steps, moments.end)
    if (blindness === null && unled) bad.push({says: sayLedByNobody(unled), evidence: [unled]})
    const path = inOrder.map(one => `${one.timeline} (${one.host})`).join(', ')
    const measures = {promotions: inOrder.length - 1, timelines: path}
    if (bad.length > 0)
      return {
        verdict: 'fail',
        says: `${bad.map(one => one.says).join('; ')}.`,
        measures,
        evidence: bad.flatMap(one => one.evidence).slice(0, 6),
      }
    if (blindness) {
      const doubts = [...(unled === undefined ? [] : [sayLedByNobody(unled)]), blindness]
      return {verdict: 'unknown', says: `Timelines seen: ${path}; but ${doubts.join('; ')}.`, measures}
    }
    return {verdict: 'pass', says: `Timelines in order: ${path}.`, measures}
  },
}
