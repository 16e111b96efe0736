/** What `matrix` refuses before it raises anything. */
import {afterEach, expect, test, vi} from 'vitest'
import {run} from '../../../cli/program.ts'

afterEach(() => {
  vi.restoreAllMocks()
  process.exitCode = undefined
})

test('a matrix in which nothing varies is refused, and leads to its examples', async () => {
  let said = ''
  vi.spyOn(process.stderr, 'write').mockImplementation(text => {
    said += String(text)
    return true
  })
  await run(['node', 'pgha-lab', 'matrix', 'kill-leader', '--repeat', '6'])
  expect(process.exitCode).toBe(2)
  expect(said).toMatch(/nothing varies: --vary says what differs from lab to lab/)
  expect(said).toMatch(/pgha-lab matrix --help\n/)
})
