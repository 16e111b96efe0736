/** A topology that comes with the lab, tried as a person does who chooses one by its name. */
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import type {Report} from '../../lab/judge/report.ts'
import {expectExit} from './cli.ts'

/**
 * @param more what else holds of it, each by a scenario that passes.
 * @param says what an operator asks of it, and what the answer has.
 */
export function playsOn(
  topology: string,
  more: readonly string[] = [],
  says: readonly (readonly [command: string, answer: RegExp])[] = [],
): void {
  const name = `live-${topology}`
  const lab = ['--name', name]

  describe(topology, () => {
    beforeAll(async () => {
      await expectExit(0, ['down', ...lab])
      await expectExit(0, ['up', ...lab, '--topology', topology, '--profile', 'fast'])
    })
    afterAll(() => expectExit(0, ['down', ...lab]))

    test('is healthy, and takes writes through its entry', async () => {
      await expectExit(0, ['status', ...lab])
      const {out} = await expectExit(0, ['psql', ...lab, '--', '-Atc', 'CREATE TABLE t AS SELECT 41 + 1 AS id'])
      expect(out.trim()).toBe('SELECT 1')
      const {out: read} = await expectExit(0, ['psql', ...lab, '--', '-Atc', 'SELECT id FROM t'])
      expect(read.trim()).toBe('42')
    })

    test.each(says)('%s says %s', async (command, answer) => {
      const [tool = '', ...args] = command.split(' ')
      expect((await expectExit(0, [tool, ...lab, ...args])).out).toMatch(answer)
    })

    test.each(['kill-leader', ...more])('passes %s', async scenario => {
      const {out} = await expectExit(0, ['chaos', scenario, ...lab, '--json'])
      const report = JSON.parse(out) as Report
      expect(report.findings.filter(one => one.verdict !== 'pass').map(one => [one.expectation, one.says])).toEqual([])
    })

    test('fails what is not true of it, for the right reason', async () => {
      const {out} = await expectExit(1, ['chaos', 'kill-leader', ...lab, '--within', '5s', '--json'])
      const report = JSON.parse(out) as Report
      expect(report.verdict).toBe('fail')
      expect(report.findings.filter(one => one.verdict !== 'pass').map(one => [one.expectation, one.says])).toEqual([
        [expect.stringContaining('writes at-most 5s'), expect.any(String)],
      ])
    })
  })
}
