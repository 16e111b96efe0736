/** What a fault does is what it says of itself: nobody who reads a run or a scenario or draws a storm goes by its name or its parameters. */
import {globSync, readFileSync} from 'node:fs'
import {basename, join} from 'node:path'
import {expect, test} from 'vitest'
import {faults} from '../../../lab/faults/index.ts'
import type {Event} from '../../../lab/history/event.ts'
import {judge} from '../../../lab/judge/judge.ts'
import type {Report} from '../../../lab/judge/report.ts'
import {recordedFiles, recordedReport, recordedRun} from '../../recorded-runs.ts'

const root = join(import.meta.dirname, '..', '..', '..')

/** Of the name of a fault what is another thing, by file. */
const otherThings: Readonly<Record<string, string>> = {
  'lab/judge/limit.ts': 'failover: a check',
  'lab/judge/measure-run.ts': 'failover: a check',
  'lab/checks/fenced.ts': 'pause: of a container, by the engine',
  'lab/history/at-rest.ts': 'pause: of a container, by the engine',
  'lab/history/our-changes.ts': 'set-config: a mend',
  'lab/history/changes.ts': "pause: in Patroni's configuration",
  'lab/judge/by-others.ts': 'failover: a check',
  'lab/history/event-words.ts': 'pause, slow-disk: of a container, by the engine, and a sign in a log',
  'lab/history/lost.ts': 'pause: of a container, by the engine',
  'lab/history/role.ts': 'pause: of a container, by the engine',
  'lab/history/unannounced.ts': 'pause: of a container, by the engine',
  'lab/history/mend.ts': 'set-config: a mend',
  'lab/history/event-schema.ts': 'set-config, slow-disk: a mend, and a sign in a log',
  'lab/history/say-mend.ts': 'set-config: a mend',
  'lab/scenario/impossible.ts': 'failover: a check',
  'lab/scenario/undecided.ts': 'failover: a check',
  'lab/history/timings.ts': 'failover: a part of a run',
  'lab/history/laid-over.ts': 'stop, switchover: predictions',
}

/** `upcast` reads runs that were recorded before a fault said what it strikes. */
const files = globSync('lab/{judge,checks,history,storm,scenario}/**/*.ts', {cwd: root}).filter(
  file => file !== 'lab/history/upcast.ts',
)

/** Names of faults that stand in a file by themselves, as values or as keys, comments left out. */
function namesIn(file: string): string[] {
  const code = readFileSync(join(root, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|(^|\s)\/\/.*$/gm, '')
  return Object.keys(faults).filter(name => new RegExp(`(['"\`])${name}\\1`).test(code))
}

test('no file that reads a run or a scenario or draws a storm has the name of a fault, but for those that mean something else by it', () => {
  expect(files.length).toBeGreaterThan(50)
  const named = files.flatMap(file => namesIn(file).map(name => [file, name] as const))
  const meant = (file: string, name: string) => otherThings[file]?.split(': ')[0]?.split(', ').includes(name) ?? false
  expect(named.filter(([file, name]) => !meant(file, name)).map(one => one.join(' names '))).toEqual([])
  const stale = Object.keys(otherThings).filter(file => !named.some(([one]) => one === file))
  expect(stale).toEqual([])
})

/** Its name and its parameters are nobody's business: whoever asks for them is thrown at. */
function nameless(event: Event): Event {
  if (event.kind !== 'fault-injecting') return event
  return new Proxy(event, {
    get(target, key) {
      if (key === 'fault' || key === 'params') throw new TypeError(`asked for the ${key} of a fault`)
      return Reflect.get(target, key) as unknown
    },
  })
}

test.each(recordedFiles)('%s: no check asks what a fault is called, and each finds the same', file => {
  const {events, ...history} = recordedRun(file)
  const {verdict, findings} = judge({...history, events: events.map(nameless)})
  expect({file: basename(file).split('.')[1], verdict}).toEqual({file: verdict, verdict})
  expect(findings.map(one => one.says)).toEqual(recordedReport(file).findings.map(one => one.says))
})

/** What a fault is called stands in its words, and in the plan of the run, as well. */
function renamed(event: Event): Event {
  if (event.kind === 'fault-injecting') return {...event, what: 'something was done'}
  if (event.kind !== 'run-started') return event
  const steps = event.scenario.steps.map(step => (step.do === 'inject' ? {...step, fault: 'noop', params: {}} : step))
  return {...event, scenario: {...event.scenario, steps}} as Event
}

test.each(recordedFiles)('%s: no verdict comes of the words for a fault, or of what was planned', file => {
  const {events, ...history} = recordedRun(file)
  const verdicts = ({findings}: Report) => findings.map(one => [one.check, one.verdict])
  expect(verdicts(judge({...history, events: events.map(renamed)}))).toEqual(verdicts(recordedReport(file)))
})
