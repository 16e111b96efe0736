/** What is printed may quote anybody: the last place where that can be made harmless, and the only one that writes. */
import {globSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterEach, expect, test, vi} from 'vitest'
import {complain} from '../../cli/complain.ts'
import {print, printData, printFile, tell} from '../../cli/output.ts'
import {run} from '../../cli/program.ts'
import {LabError} from '../../lab/words/errors.ts'

const {isTTY: atTerminal} = process.stdout
afterEach(() => {
  process.stdout.isTTY = atTerminal
  vi.restoreAllMocks()
  process.exitCode = undefined
})

function captured(): {out: string; err: string} {
  const seen = {out: '', err: ''}
  for (const [name, stream] of [
    ['out', process.stdout],
    ['err', process.stderr],
  ] as const)
    vi.spyOn(stream, 'write').mockImplementation(text => {
      seen[name] += text
      return true
    })
  return seen
}

const hostile = '\u001b[2J\u009b1m\u202eevil\r\n  ::error::x ##[error]y ##vso[z] section_start:1:a\r\u001b[0K'
const harmless = 'evil\n  : :error::x # #[error]y # #vso[z] section_ start:1:a'

test('nothing but cli/output.ts writes to stdout or stderr', () => {
  const root = join(import.meta.dirname, '..', '..')
  const writers = globSync('{cli,lab,compose}/**/*.{ts,tsx}', {cwd: root}).filter(file =>
    /process\.(stdout|stderr)\.write|console\./.test(readFileSync(join(root, file), 'utf8')),
  )
  // main answers --version before anything is loaded; the agent, the observer and the reaper run in containers and talk to us alone.
  expect(
    writers.filter(file => !/^(cli\/(output|main)|lab\/(clients\/agent|observer|reaper)\/[a-z-]+)\.ts$/.test(file)),
  ).toEqual([])
})

test('words lose what is obeyed and keep their lines; on stdout the colours of a renderer stay', () => {
  const seen = captured()
  print(`\u001b[1;31mFAILED\u001b[0m ${hostile}\n`)
  tell(`\u001b[1;31mFAILED\u001b[0m ${hostile}\n`)
  expect(seen.out).toBe(`\u001b[1;31mFAILED\u001b[0m ${harmless}\n`)
  expect(seen.err).toBe(`FAILED ${harmless}\n`)
})

test('data is printed as its printer made it', () => {
  const seen = captured()
  printData('::error title=x::y\n')
  expect(seen.out).toBe('::error title=x::y\n')
})

test.each([
  [true, `${harmless}\n`],
  [false, `${hostile}\n`],
])(
  'a file goes as it is where it is kept, and to a terminal (%s) without what is obeyed or not seen',
  (isTTY, says) => {
    const seen = captured()
    process.stdout.isTTY = isTTY
    printFile(`${hostile}\n`)
    expect(seen.out).toBe(says)
  },
)

test('an error that quotes a hostile file name, and its hint, are harmless', () => {
  const seen = captured()
  complain(new LabError('config', `${hostile}: there is no such file`, {hint: `rm ${hostile}`}))
  expect(seen.err).toBe(`${harmless}: there is no such file\n  next: rm ${harmless}\n`)
})

test('a hostile command line is told harmlessly', async () => {
  const seen = captured()
  await run(['node', 'pgha-lab', 'report', `--${hostile}`])
  await run(['node', 'pgha-lab', hostile])
  await run(['node', 'pgha-lab', 'report', `./${hostile}.ndjson`])
  expect(process.exitCode).not.toBe(0)
  expect(seen.err).toContain('evil')
  expect(seen.out + seen.err).not.toMatch(/[^\n\P{C}]|##\[|##vso|^\s*::/mu)
})
