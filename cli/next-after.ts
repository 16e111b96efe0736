/** What one asks for after a run, as commands that can be pasted. */
import {relative} from 'node:path'
import type {Report} from '../lab/report.ts'
import {defaultLab} from './options.ts'

/** @param isLatest the run is the newest one of its lab in the state directory. */
export function nextAfter(report: Report, folder: string, lab: string, isLatest: boolean): string[] {
  const name = lab === defaultLab ? '' : ` --name ${lab}`
  const here = relative('.', folder)
  const run = isLatest ? `latest${name}` : here.startsWith('..') ? folder : `./${here}`
  return [
    `pgha-lab report ${run}`,
    report.verdict === 'pass' ? `pgha-lab report ${run} --format html -o report.html` : `pgha-lab replay ${run}`,
  ]
}
