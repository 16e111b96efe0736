/**
 * Transfers move money and make none: every audit, which sums up all accounts in one snapshot, finds the same total, and so does
 * every member at the end. A transfer that was half lost, or carried out by half, shows in it, however small it was. One that was
 * lost as a whole does not: `no-lost-writes` counts those of its own table.
 */
import {z} from 'zod'
import {bank as accounts} from '../history/bank.ts'
import {of} from '../history/history.ts'
import {momentsOf, sayBegin} from '../history/moments.ts'
import {blind, lacks} from '../history/watching.ts'
import {sayMicros} from '../words/quantity.ts'
import type {Check} from './check.ts'

export const bank: Check<Record<string, never>> = {
  about:
    'Transfers between accounts keep their sum, in every snapshot that bankers read and on every member at the end.',
  evidence: ['clients', 'rows'],
  params: z.strictObject({}),

  judge(history) {
    const moments = momentsOf(history)
    if (moments === null) return {verdict: 'unknown', says: 'The steps never began.'}
    const done = of(history, 'bank')
    if (done.length === 0)
      return {
        verdict: 'unknown',
        says: 'There were no bankers.',
        hint: 'clients: - bankers: 4 with a rate, through: primary',
      }
    const audits = done.filter(one => one.op === 'audit' && one.outcome === 'ok')
    const transfers = done.filter(one => one.op === 'transfer')
    const finals = of(history, 'final-rows').filter(one => one.bankTotal !== undefined)
    const wrong = audits.filter(one => one.total !== accounts.total)
    const wrongAtEnd = finals.filter(one => one.bankTotal !== accounts.total)
    const measures = {
      transfers: transfers.filter(one => one.outcome === 'ok').length,
      indeterminate: transfers.filter(one => one.outcome === 'unknown').length,
      audits: audits.length,
      wrongAudits: wrong.length,
      total: accounts.total,
    }
    const bad: string[] = []
    const [first] = wrong
    if (first)
      bad.push(
        `${wrong.length} of ${audits.length} audits found another total than ${accounts.total}; the first found ${first.total ?? 'no account'} on ${first.server ?? 'an unknown server'}, at ${sayMicros(first.at)} of the run`,
      )
    for (const {host, bankTotal} of wrongAtEnd)
      bad.push(`the accounts of ${host} make ${bankTotal ?? 'nothing'} at the end`)
    if (bad.length > 0)
      return {
        verdict: 'fail',
        says: `Money was made or lost: ${bad.join('; ')}.`,
        measures,
        evidence: [...wrong.slice(0, 3), ...wrongAtEnd.slice(0, 2)],
        hint: 'the transfers around that moment are in events.ndjson, of kind bank: a transaction was not all or nothing',
      }
    const from = moments.fault ?? moments.steps
    const doubts = [
      lacks(history, 'clients') ?? blind(history, 'clients', moments.steps, moments.end),
      measures.transfers === 0 ? 'no transfer was acknowledged' : null,
      audits.some(one => one.sentAt > from) ? null : `no audit was answered after ${sayBegin(moments)}`,
      finals.length === 0 ? 'no member told its total at the end' : null,
    ].filter(one => one !== null)
    if (doubts.length > 0)
      return {verdict: 'unknown', says: `No wrong total was seen, but ${doubts.join('; ')}.`, measures}
    return {
      verdict: 'pass',
      says: `${audits.length} audits between ${measures.transfers} transfers all found ${accounts.total}, and so did ${finals.length} members at the end.`,
      measures,
    }
  },
}
