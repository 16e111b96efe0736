/** What one asks for after a run, as commands that can be pasted. */
import {relative} from 'node:path'
import type {Report} from '../lab/index.ts'
import {onLab, ownCommand} from '../lab/inside/start.ts'
import {spoken} from './called-as.ts'

/** @param isLatest the run is the newest one of its lab in the state directory. */
export function nextAfter(
  report: Pick<Report, 'verdict'>,
  folder: string,
  lab: string,
  isLatest: boolean,
): [string, string] {
  const here = relative('.', folder)
  const run = isLatest ? 'latest' : here.startsWith('..') ? folder : `./${here}`
  const {text, replay, html} = commandsFor(run, isLatest ? lab : null)
  return [text, report.verdict === 'pass' ? html : replay]
}

/**
 * After a recorded run was shown, in one of its two forms.
 * @param run as the person named it. @param lab as it was given for that.
 */
export function nextAfterShown(shown: 'report' | 'replay', run: string, lab: string): readonly string[] {
  if (run === '-') return [] // what came on stdin is not there any more
  const {text, replay, html} = commandsFor(run, lab)
  return shown === 'report' ? [replay, html] : [text, html]
}

/** @param lab null: the run is named by its path. */
function commandsFor(run: string, lab: string | null) {
  const of = (...words: readonly string[]) => spoken(lab === null ? ownCommand(...words) : onLab(lab, ...words))
  return {
    text: of('report', run),
    replay: of('replay', run),
    html: of('report', run, '--format', 'html', '-o', 'report.html'),
  }
}
