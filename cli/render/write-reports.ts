/** What a run leaves for people beside its report.json: as text, as Markdown, and as one HTML file. */
import {join} from 'node:path'
import type {History, Report} from '../../lab/index.ts'
import {readLogs} from '../../lab/inside/reading.ts'
import {LabError, whenDiskIsFull, writeWhole} from '../../lab/inside/start.ts'
import {caller} from '../called-as.ts'
import {renderHtml} from './html.ts'
import {renderMarkdown} from './markdown.ts'
import {renderText} from './text.ts'

/**
 * `folder` is the run's, and has the hosts' logs already.
 * @returns LabError `disk-full` when they could not be written; the run has been played and judged all the same.
 */
export function writeReports(folder: string, report: Report, history: History): LabError | undefined {
  try {
    whenDiskIsFull(() => {
      writeWhole(join(folder, 'report.txt'), renderText(report, {color: false, width: 120}))
      writeWhole(join(folder, 'report.md'), renderMarkdown([report]))
      writeWhole(join(folder, 'report.html'), renderHtml({report, history, logs: readLogs(folder), called: caller()}))
    }, folder)
    return undefined
  } catch (error) {
    if (error instanceof LabError) return error
    throw error
  }
}
