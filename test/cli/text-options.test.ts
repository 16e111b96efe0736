import {afterEach, expect, test} from 'vitest'
import {textOptions} from '../../cli/text-options.ts'

const as = (stdout: number | undefined, stderr: number | undefined) => {
  for (const [stream, columns] of [
    [process.stdout, stdout],
    [process.stderr, stderr],
  ] as const)
    Object.defineProperty(stream, 'columns', {value: columns, configurable: true, writable: true})
}

afterEach(() => as(undefined, undefined))

test.each([
  [80, 120, 80],
  // Into `head` or `less`: a person reads it at the terminal all the same.
  [undefined, 80, 80],
  [undefined, undefined, 100],
])('stdout %s and stderr %s columns wide: a text for people is %d wide', async (stdout, stderr, width) => {
  as(stdout, stderr)
  expect((await textOptions()).width).toBe(width)
})
