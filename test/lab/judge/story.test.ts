import {expect, test} from 'vitest'
import {historyOf} from '../../../lab/history/history.ts'
import {story} from '../../../lab/judge/story.ts'
import {cleanRun, type RunShape} from '../checks/history-builder.ts'

/** The new leader's part of it, in the order in which it is told. */
function told(changes: Partial<RunShape>): string[] {
  const lines = story(historyOf(cleanRun(changes))).map(line => line.says)
  return lines.filter(says => /node2 (takes writes|is UP)|^node2 holds|first acknowledged write/.test(says))
}

const inOrder = [
  expect.stringMatching(/^node2 holds the leader key/),
  expect.stringMatching(/^node2 takes writes on timeline 2/),
  expect.stringMatching(/^proxy1: node2 is UP for writes/),
  expect.stringMatching(/^first acknowledged write, by node2 on timeline 2/),
]

test.each([
  ["150 ms after the proxy's sample", {up: 21.95, firstWrite: 22.1}],
  ["9 ms before the proxy's sample", {up: 22.1, firstWrite: 22.091}],
])('a first write seen %s is told after what it waited for', (_, shape) => expect(told(shape)).toEqual(inOrder))

test('a first write long before the proxy led there is told where it was: it went another way', () => {
  const lines = told({up: 23, firstWrite: 22.1})
  expect(lines.findIndex(says => says.startsWith('first'))).toBeLessThan(
    lines.findIndex(says => says.includes('is UP')),
  )
})
