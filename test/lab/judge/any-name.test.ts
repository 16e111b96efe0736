/** What a host is called changes no verdict and no number. `constructor` is a name like another, and a word that every object knows. */
import {expect, test} from 'vitest'
import {view} from '../../../cli/ui/view.ts'
import {parseHistory} from '../../../lab/history/read-events.ts'
import {judge} from '../../../lab/judge/judge.ts'
import {recordedFiles, recordedRun, recordedText} from '../../recorded-runs.ts'

function hostsOf(run: string): string[] {
  const [started] = recordedRun(run).events
  return started?.kind === 'run-started' ? started.topology.hosts.map(one => one.name) : []
}

/** All that the report and the screen say, had a host been called so; whose clock it is has words of its own. */
function told(text: string, host: string, name: string): string {
  const history = parseHistory(text.replaceAll(new RegExp(`(?<!"who":")\\b${host}\\b`, 'g'), name))
  const {failover, members, backends, steps} = view(history.events)
  return JSON.stringify({report: {...judge(history), events: null}, failover, members, backends, steps}, null, 1)
}

/** Of the same length and place in every order, but nobody's word. */
const stranger = 'constructos'

test.each(
  recordedFiles.flatMap((run, index) => {
    const hosts = hostsOf(run)
    // Every host of the run that the most is said about; of the others one each.
    return (run === 'kill-leader.pass.ndjson.gz' ? hosts : hosts.slice(index % hosts.length).slice(0, 1)).map(
      host => [run, host] as const,
    )
  }),
)('%s, were %s called `constructor`', (run, host) => {
  const text = recordedText(run)
  const usual = told(text, host, stranger).replaceAll(stranger, 'constructor')
  // The digest of the file is not of the same file.
  const digest = /"eventsSha256": "[0-9a-f]+"/g
  expect(told(text, host, 'constructor').replaceAll(digest, '')).toBe(usual.replaceAll(digest, ''))
})
