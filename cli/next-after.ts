/** What one asks for after a run, as commands that can be pasted. */
import {relative} from 'node:path'
import type {Report} from '../lab/judge/report.ts'
import {onLab, ownCommand} from '../lab/words/next-step.ts'
import {spoken} from './called-as.ts'

/** @param isLatest the run is the newest one of its lab in the state directory. */
export function nextAfter(report: Report, folder: string, lab: string, isLatest: boolean): string[] {
  const here = relative('.', folder)
  const run = isLatest ? 'latest' : here.startsWith('..') ? folder : `./${here}`
  const of = (...words: readonly string[]) => spoken(isLatest ? onLab(lab, ...words) : ownCommand(...words))
  return [
    of('report', run),
    report.verdict === 'pass' ? of('report', run, '--format', 'html', '-o', 'report.html') : of('replay', run),
  ]
}
