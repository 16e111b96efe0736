/** docs/reference/report.md describes report.json as it really is. */
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {renderJson} from '../../../cli/render/json.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {judge} from '../../../lab/judge/judge.ts'
import {parseScenario} from '../../../lab/scenario/index.ts'
import {calmRun} from '../../lab/checks/calm-run.ts'
import {altered, cleanRun, micros, withRows} from '../../lab/checks/history-builder.ts'
import {recorded, recordedNames} from './recorded.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const documented = new Map(
  [
    ...readFileSync(join(root, 'docs', 'reference', 'report.md'), 'utf8').matchAll(
      /^\| `([^`]+)`(?: \?)? +\| ([a-z, ]+?) +\|/gm,
    ),
  ]
    .filter(([, , types]) => /^(number|string|boolean|null|any)(, (number|string|boolean|null))*$/.test(types!))
    .map(([, path, types]) => [path!, types!.split(', ')]),
)
const clean = cleanRun()
const scenario = parseScenario('scenarios/mine.yaml', readFileSync(join(root, 'scenarios', 'kill-leader.yaml'), 'utf8'))
const reports = [
  ...recordedNames.map(name => judge(recorded(name))),
  judge(recorded('sync-failover-mode-off.fail')),
  // No fault strikes the leader: the model knows no worst moment.
  judge(historyOf(calmRun()), [{check: 'unavailability', params: {writes: {'at-most': '5s'}}}]),
  judge(historyOf(withRows(clean, rows => rows.delete(10)))),
  judge(altered(clean, event => (event.kind === 'fault-proof' ? null : event))),
  ...[true, false].map(recovered =>
    judge(altered(clean, event => event, [{kind: 'recovery', at: micros(34), recovered, says: 'said'}])),
  ),
  // Never mended, and a client that never came back.
  judge(
    altered(clean, event =>
      event.kind === 'fault-mended' || (event.kind === 'op' && event.client === 'w2' && event.at > micros(0))
        ? null
        : event,
    ),
  ),
  judge(altered(clean, event => (event.kind === 'run-started' ? {...event, scenario} : event))),
  judge(historyOf([])),
].map(report => JSON.parse(renderJson(report)) as unknown)

/** Paths whose keys are anybody's. */
const open = ['versions', 'findings[].measures', 'findings[].rows[]']

/** `findings[].says` -> string, down to what the documentation calls any. */
function typesOf(value: unknown, path = ''): [string, string][] {
  if (documented.get(path)?.includes('any')) return [[path, 'any']]
  if (Array.isArray(value)) return value.flatMap(one => typesOf(one, `${path}[]`))
  if (value !== null && typeof value === 'object')
    return Object.entries(value).flatMap(([key, one]) =>
      typesOf(one, [path, open.includes(path) ? '*' : key].filter(part => part !== '').join('.')),
    )
  return [[path, value === null ? 'null' : typeof value]]
}

const written = new Set(reports.flatMap(report => typesOf(report)).map(([path, type]) => `${path}: ${type}`))

test('every field that is written is documented, with its type', () => {
  const undocumented = [...written].filter(field => {
    const [path, type] = field.split(': ') as [string, string]
    return documented.get(path)?.includes(type) !== true
  })
  expect(undocumented).toEqual([])
})

test('every field that is documented is written, with each of its types', () => {
  const missing = [...documented]
    .flatMap(([path, types]) => types.map(type => `${path}: ${type}`))
    .filter(one => !written.has(one))
  expect(missing).toEqual([])
})

test('the expectations of a scenario carry their lines in its file', () => {
  const report = reports.at(-2) as {file: string; findings: {line: number; check: string}[]}
  const lines = readFileSync(join(root, 'scenarios', 'kill-leader.yaml'), 'utf8').split('\n')
  expect(report.file).toBe('scenarios/mine.yaml')
  for (const {line, check} of report.findings) expect(lines[line - 1]).toContain(check)
})
