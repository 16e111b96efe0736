/** That the lab did not come back is said in every form of the report, in the same sentence. */
import {expect, test} from 'vitest'
import {renderGithub} from '../../../cli/render/github.ts'
import {renderHtml} from '../../../cli/render/html.ts'
import {renderJunit} from '../../../cli/render/junit.ts'
import {renderMarkdown} from '../../../cli/render/markdown.ts'
import {renderSummary} from '../../../cli/render/summary.ts'
import {renderText} from '../../../cli/render/text.ts'
import type {Event} from '../../../lab/history/event.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {judge} from '../../../lab/judge/judge.ts'
import {cleanRun, micros} from '../../lab/checks/history-builder.ts'

const unhealthy: Event = {kind: 'recovery', at: micros(34), recovered: false, says: 'node1 is not streaming'}
const plain = {color: false, width: 100}

test.each([
  ['passed', '60s'],
  ['failed', '1s'],
])('of a run that %s', (_verdict, within) => {
  const history = historyOf([...cleanRun(), unhealthy].toSorted((a, b) => a.at - b.at))
  const report = judge(history, [{check: 'failover', params: {within}}])
  const forms = [
    renderText(report, plain),
    renderSummary(report, plain, []),
    renderMarkdown([report]),
    renderHtml({report, history, logs: new Map()}),
    renderGithub([report]),
    renderJunit([report]),
  ]
  for (const form of forms) expect(form).toContain('The lab did not recover: node1 is not streaming.')
})
