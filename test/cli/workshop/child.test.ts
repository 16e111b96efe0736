import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, expect, test, vi} from 'vitest'
import {print} from '../../../cli/output.ts'
import {runHere} from '../../../cli/workshop/child.ts'

vi.mock('../../../cli/output.ts', () => ({print: vi.fn(), tell: vi.fn()}))

const folder = mkdtempSync(join(tmpdir(), 'child-'))
const [program, columns] = [process.argv[1], process.stdout.columns]
afterEach(() => {
  process.argv[1] = program!
  process.stdout.columns = columns
  rmSync(folder, {recursive: true, force: true})
})

test('what is run here breaks its lines for the terminal that they come to', async () => {
  process.argv[1] = join(folder, 'program.mjs')
  writeFileSync(process.argv[1], "process.stdout.write([process.env.COLUMNS, process.argv[2]].join(' '))")
  process.stdout.columns = 72
  expect(await runHere(['chaos'], new AbortController().signal)).toBe(0)
  expect(vi.mocked(print).mock.calls.flat().join('')).toBe('72 chaos')
})
