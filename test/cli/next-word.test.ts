/** One word for the next step, wherever one is printed. */
import {globSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {expect, test, vi} from 'vitest'
import {run} from '../../cli/program.ts'
import {renderGithub} from '../../cli/render/github.ts'
import {renderHtml} from '../../cli/render/html.ts'
import {renderJunit} from '../../cli/render/junit.ts'
import {renderMarkdown} from '../../cli/render/markdown.ts'
import {renderSummary} from '../../cli/render/summary.ts'
import {renderText} from '../../cli/render/text.ts'
import {judge} from '../../lab/judge/judge.ts'
import {nextLine, nextWord, onLab} from '../../lab/words/next-step.ts'
import {recorded, recordedNames} from './render/recorded.ts'

const root = join(import.meta.dirname, '..', '..')
/** What else it could be called. */
const others = /\b(?:try|hint|next step|do this|suggestion)\b ?:/i
const plain = {color: false, width: 100}

test('it stands in one place', () => {
  expect([nextWord, nextLine(onLab('second', 'heal'))]).toEqual(['next:', '  next: pgha-lab heal --name second'])
  const spelled = globSync('{lab,cli,compose}/**/*.{ts,tsx}', {cwd: root}).filter(file =>
    /(['"`]|\\n) *next: /i.test(readFileSync(join(root, file), 'utf8')),
  )
  expect(spelled).toEqual([])
})

test('no source spells it another way', () => {
  // In a lesson a hint is what somebody asks for, and no next step.
  const sources = globSync('{lab,cli,compose}/**/*.{ts,tsx}', {cwd: root}).filter(
    file => !file.startsWith('lab/workshop/'),
  )
  const found = sources.flatMap(file =>
    readFileSync(join(root, file), 'utf8')
      .split('\n')
      // A word in quotes or a template, not a key of an object; HINT is PostgreSQL's.
      .filter(line =>
        /(['"`>]|\\n|\*\*) *(?:[Tt]ry|[Hh]int)\b ?(?::|<\/dt>|$|['"`])/.test(
          line.replace(/^\s*(?:\*|\/\/|\/\*).*/, '').replace(/\b(?:Pick|Omit)<[^>]*>/g, ''),
        ),
      )
      .map(line => `${file}: ${line.trim()}`),
  )
  expect(found).toEqual([])
})

test.each(recordedNames.filter(name => !name.includes('.pass')))(
  '%s: no form of its report spells it another way',
  name => {
    const history = recorded(name)
    const report = judge(history)
    const forms = {
      text: renderText(report, plain),
      summary: renderSummary(report, plain, []),
      junit: renderJunit([report]),
      github: renderGithub([report]),
      markdown: renderMarkdown([report]),
      html: renderHtml({report, history, logs: new Map()}).replace(
        /<style>[\s\S]*?<\/style>|<script>[\s\S]*?<\/script>/g,
        '',
      ),
    }
    for (const [form, text] of Object.entries(forms)) {
      expect(text, form).not.toMatch(others)
      // The summary leaves out what its last lines say already.
      if (form !== 'summary') expect(text, form).toMatch(form === 'html' ? /<dt>Next<\/dt>|Next: / : /next:/i)
    }
  },
)

test('wrong usage says it in the same word', async () => {
  const said: string[] = []
  vi.spyOn(process.stderr, 'write').mockImplementation(text => said.push(String(text)) > 0)
  await run(['node', 'pgha-lab', 'chaos', '--nonsense'])
  vi.restoreAllMocks()
  process.exitCode = undefined
  expect(said.join('')).toMatch(/^ {2}next: pgha-lab chaos --help$/m)
  expect(said.join('')).not.toMatch(/\btry\b/i)
})

test.each(recordedNames.filter(name => !name.includes('.pass')))(
  '%s: what to type next stands in text, Markdown and HTML as it can be pasted',
  name => {
    const history = recorded(name)
    const report = judge(history)
    const commands = [...report.next, ...report.findings.flatMap(({next = []}) => next)]
    expect(report.next.at(-1)).toMatch(/^pgha-lab chaos /)
    const html = renderHtml({report, history, logs: new Map()})
    const lines = renderText(report, {color: false, width: 80}).split('\n')
    for (const command of commands) {
      // On a line of its own, whatever its width.
      expect(lines.map(line => line.replace(/^ *(?:next:)? */, ''))).toContain(command)
      expect(renderMarkdown([report])).toContain(`\`${command}\``)
      expect(html).toContain(`<code>${command.replaceAll("'", '&#39;')}</code>`)
    }
  },
)
