import {expect, test} from 'vitest'
import {renderJson} from '../../../cli/render/json.ts'
import {renderText} from '../../../cli/render/text.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {judge} from '../../../lab/judge/judge.ts'
import {altered, cleanRun, withRows} from '../../lab/checks/history-builder.ts'

const clean = cleanRun()
const passed = judge(historyOf(clean))
const failed = judge(historyOf(withRows(clean, rows => rows.delete(10))))
const inconclusive = judge(altered(clean, event => (event.kind === 'fault-proof' ? {...event, holds: false} : event)))
const plain = {color: false, width: 100}

test('the first line is the verdict, the scenario and the number that matters', () => {
  const first = (report: typeof passed) => renderText(report, {...plain, width: 200}).split('\n')[0]
  expect(first(passed)).toBe(
    'PASSED kill-leader: 22.10 of 27.45 s; clients could write again 22.10 s after the fault, no acknowledged write lost',
  )
  expect(first(failed)).toMatch(/^FAILED kill-leader: 22\.10 of 27\.45 s; \d+ writes acknowledged, 1 lost/)
  expect(first(inconclusive)).toMatch(/^INCONCLUSIVE kill-leader: limit 27\.45 s; crash did not take hold/)
})

test('measured and predicted stand side by side for each phase', () => {
  const lines = renderText(passed, plain).split('\n')
  expect(lines).toContain('✔ passed  lease expiry                  19.80 s  19.5 to 20.4 s  19.80 s  19.5 to 20.4 s')
})

test('words say what colours say: without colours there is no escape, with them only the sixteen', () => {
  expect(renderText(failed, plain)).not.toContain('\u001b')
  expect(renderText(failed, plain)).toContain('✘ FAILED  no-lost-writes')
  const coloured = renderText(failed, {...plain, color: true})
  expect(new Set(coloured.match(/\u001b\[[^m]*m/g))).toEqual(
    new Set(['\u001b[0m', '\u001b[1m', '\u001b[2m', '\u001b[91m', '\u001b[32m']),
  )
  expect(coloured.replace(/\u001b\[[0-9]+m/g, '')).toBe(renderText(failed, plain))
})

test('ascii has nothing beyond ASCII', () => {
  expect(renderText(failed, {...plain, ascii: true})).toMatch(/^[\u0000-\u007f]*$/)
})

test.each([40, 60, 80, 120, 200])('sentences fit into %d columns', width => {
  const lines = renderText(failed, {color: false, width}).split('\n')
  const sentences = lines.filter(line => /^( {4}|FAILED)\S?/.test(line) && !/^ {5}/.test(line))
  expect(Math.max(...sentences.map(line => line.length))).toBeLessThanOrEqual(width)
})

test('what a server says cannot move the cursor', () => {
  const evil = altered(clean, event =>
    event.kind === 'op' && event.outcome === 'fail' ? {...event, error: '\u001b[2Jgone\r\n\u0007'} : event,
  )
  const text = renderText(judge(evil), plain)
  expect(text).toContain('gone')
  expect(text).not.toMatch(/[\u001b\r\u0007]/)
})

test('an empty report can be shown', () => expect(renderText(judge(historyOf([])), plain)).toMatch(/^INCONCLUSIVE/))

test('the JSON is the report', () => expect(JSON.parse(renderJson(passed))).toEqual(passed))

/** w3 is of another driver, and a program was to run that sent nothing. */
const compared = judge(
  altered(clean, event => {
    if (event.kind === 'op' && event.client === 'w3') return {...event, client: 'pg-pool-w1'}
    if (event.kind !== 'run-started') return event
    const program = {
      kind: 'program',
      name: 'mine',
      image: 'a/b',
      command: [],
      perSecond: 5,
      through: 'primary',
    } as const
    return {...event, scenario: {...event.scenario, extraClients: [program]}}
  }),
)

test('several drivers stand beside each other, and what is not known of one is a dash with its reason', () => {
  const lines = renderText(compared, plain).split('\n')
  const from = lines.findIndex(line => line.startsWith('driver '))
  expect(
    [...lines.slice(from, from + 4), ...lines.slice(from + 6, from + 8)].map(line => line.replace(/ {2,}/g, '  ')),
  ).toEqual([
    'driver  clients  outage p50  max  back p50  p95  max  writes  failed  unknown',
    'mine  1  -  -  -  -  -  -  -  -',
    expect.stringMatching(/^pg {2}3 {2}22\.\d+ s {2}22\.\d+ s {2}15\d ms {2}/),
    expect.stringMatching(/^pg-pool {2}1 {2}22\.\d+ s/),
    '  mine: sent nothing',
    expect.stringMatching(/^ {2}pg: 08006 \d+x, no code 3x$/),
  ])
})

test('a single driver has no table', () => {
  expect(renderText(passed, plain)).not.toMatch(/^driver /m)
  expect(passed.drivers).toHaveLength(1)
})
