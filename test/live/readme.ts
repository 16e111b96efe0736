/** The first commands of the README, as they stand there, on a lab of another name. */
import {join} from 'node:path'
import {execa} from 'execa'
import {afterAll, expect, test} from 'vitest'
import {blocksOfPages, callsOf} from '../docs/shell-blocks.ts'
import {expectExit} from './cli.ts'

// `down --stale` is about labs of others, and they may be at work on this engine. What a project of one's own is made of,
// package.test.ts plays.
const blocks = blocksOfPages()
  .filter(({where, text}) => where.startsWith('README.md') && callsOf(text).some(words => words[0] === 'up'))
  .filter(({text}) => !/--stale|npm install/.test(text))

/** @param first how it is counted: the first block is what everybody types, the others `npm run test:all` plays. */
export function playsReadme(which: 'first' | 'others'): void {
  const name = `live-readme-${which}`
  const played = which === 'first' ? blocks.slice(0, 1) : blocks.slice(1)
  afterAll(() => expectExit(0, ['down', '--name', name]))

  test('the README has blocks that raise a lab', () => expect(played.length).toBeGreaterThanOrEqual(1))

  test.each(played.map(({where, text}) => [where, text] as const))(
    '%s ends as it says: with a verdict that is green',
    async (_, text) => {
      const ran = await execa('bash', ['-e', '-c', text], {
        cwd: join(import.meta.dirname, '..', '..'),
        reject: false,
        stdin: 'ignore',
        env: {PGHA_LAB_SETUP: 'never', PGHA_LAB_NAME: name},
      })
      expect(ran.exitCode, `${ran.stderr}\n${ran.stdout}`).toBe(0)
      expect(ran.stdout).toMatch(/^PASSED kill-leader: /m)
    },
  )
}
