/** `help TOPIC` shows a page of docs/, and names the nearest where there is none. */
import {existsSync} from 'node:fs'
import {join} from 'node:path'
import {afterEach, expect, test, vi} from 'vitest'
import {topics} from '../../cli/help-topics.ts'
import {commandLine, run} from '../../cli/program.ts'
import {pageText} from '../../cli/render/page-text.ts'
import {packageRoot} from '../../lab/words/package-root.ts'

afterEach(() => {
  vi.restoreAllMocks()
  process.exitCode = undefined
})

async function help(...words: readonly string[]): Promise<{out: string; said: string; code: unknown}> {
  let [out, said] = ['', '']
  vi.spyOn(process.stdout, 'write').mockImplementation(text => {
    out += String(text)
    return true
  })
  vi.spyOn(process.stderr, 'write').mockImplementation(text => {
    said += String(text)
    return true
  })
  process.exitCode = undefined
  for (const stream of [process.stdout, process.stderr]) stream.setMaxListeners(100)
  await run(['node', 'pgha-lab', 'help', ...words])
  return {out, said, code: process.exitCode}
}

test('every topic has its page in the package, and no command has its name', async () => {
  const commands = commandLine().commands.map(one => one.name())
  for (const [name, {page, part}] of Object.entries(topics)) {
    expect(existsSync(join(packageRoot, page)), page).toBe(true)
    expect(commands).not.toContain(name)
    const {out, code} = await help(name)
    expect(out.split('\n').length, part).toBeGreaterThan(5)
    expect(code).toBeUndefined()
    // Neither Markdown's links nor its tables are left, outside of what is to be pasted.
    for (const line of out.split('\n').filter(one => !one.startsWith('    ')))
      expect(line).not.toMatch(/\]\(|^\||^#+ |\*\*/)
  }
})

test('help alone lists them all', async () => {
  const {out} = await help()
  for (const [name, {about}] of Object.entries(topics))
    expect(out.replaceAll(/\s+/g, ' ')).toContain(` ${name} ${about}`)
  expect(out).toMatch(/^Topics \(help TOPIC\):$/m)
})

test('a wrong one is refused with the nearest, whether that is a topic or a command', async () => {
  expect(await help('verdcts')).toMatchObject({
    ...{
      out: '',
      code: 2,
      said: expect.stringMatching(/^there is no command or topic verdcts, did you mean `verdicts`\?/),
    },
  })
  expect((await help('chaoss')).said).toMatch(/did you mean `chaos`\?/)
  expect((await help('constructor')).code).toBe(2)
})

test('the help of a command is what it was', async () => {
  expect((await help('down')).out).toMatch(/^Example:\n/)
})

test('a page is as wide as the terminal, but for what is to be pasted', () => {
  const page = [
    '# A *page*',
    '',
    'Words that go on and [on](elsewhere.md#part), **for** a `while`, until the line is full and the next begins.',
    '- an item that is long enough to need a second line below its first',
    '',
    '| name | what it is |',
    '| --- | --- |',
    '| `a\\|b` | a cell that is long enough to need a second line below its first |',
    '',
    '```sh',
    'a command that is longer than the terminal is wide, and in one piece',
    '```',
    '',
    '## Next',
  ].join('\n')
  expect(pageText(page, 50)).toBe(
    `A PAGE

Words that go on and on, for a \`while\`, until the
line is full and the next begins.
- an item that is long enough to need a second
  line below its first

name   what it is
\`a|b\`  a cell that is long enough to need a second
       line below its first

    a command that is longer than the terminal is wide, and in one piece

NEXT
`,
  )
  expect(pageText(page, 50, 'Next')).toBe('NEXT\n')
})
