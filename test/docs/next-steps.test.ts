/** Every next step is tried as it is printed: those that the sources can print, and those of all recorded runs in every form. */
import {globSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {execa} from 'execa'
import {expect, test} from 'vitest'
import {commandLine} from '../../cli/program.ts'
import {renderGithub} from '../../cli/render/github.ts'
import {renderHtml} from '../../cli/render/html.ts'
import {renderJson} from '../../cli/render/json.ts'
import {renderJunit} from '../../cli/render/junit.ts'
import {renderMarkdown} from '../../cli/render/markdown.ts'
import {renderSummary} from '../../cli/render/summary.ts'
import {renderText} from '../../cli/render/text.ts'
import {loadHistory} from '../../lab/history/read-events.ts'
import {judge} from '../../lab/judge/judge.ts'
import {type Hint, linesOf, nextLine, nextWord, OwnCommand, ShellCommand} from '../../lab/words/next-step.ts'
import {commandsOfSources, nextStepsOfSources} from './next-steps-in-sources.ts'
import {parse} from './rehearse.ts'
import {callsOf, root, simpleCommands} from './shell-blocks.ts'

/** Another program and another lab than those that nobody has to name. */
const called = {program: './pgha-lab', lab: 'other'}
const found = nextStepsOfSources()

test('next steps are found, of both kinds', () => {
  expect(found.length).toBeGreaterThan(150)
  expect(found.filter(({hint}) => printed(hint).some(line => line.startsWith(called.program))).length).toBeGreaterThan(
    70,
  )
})

test.each(found.map(({where, hint}) => [where, hint] as const))('%s can be pasted line by line', async (_, hint) => {
  for (const line of printed(hint)) await mustPaste(line)
  const lines = linesOf(hint)
  for (const [index, line] of lines.entries()) {
    if (typeof line !== 'string') continue
    // Prose that a command follows leads to it, and none goes on behind one.
    expect(line, line).not.toMatch(/^[,;.)]|^(?:and|or|then)\b(?!.*:$)|[,;(]$|,$/)
    expect(line.endsWith(':'), line).toBe(lines[index + 1] !== undefined && typeof lines[index + 1] !== 'string')
    expect(line, 'a command of another program stands by itself').not.toMatch(programs)
  }
  for (const command of lines.filter(line => line instanceof ShellCommand)) {
    const {exitCode} = await execa('bash', ['-n', '-c', command.says()], {reject: false})
    expect(exitCode).toBe(0)
    expect(command.says()).not.toMatch(/&&|;|\|\|/)
    if (command.says() !== 'x') expect(command.says(), command.says()).toMatch(programs)
  }
})

/** What a line that is typed into a shell begins with. */
const programs =
  /^(?:sudo |docker |curl |head |gzip |apt-get |npm |npx |rm |unset |export |systemctl |patronictl |mount |mv |ls |grep |ssh(?:-[a-z-]+)?(?: |$)|[A-Z_]+=\S+$|pgha-lab |--[a-z])/

const takesName = new Set(
  commandLine()
    .commands.filter(command => command.options.some(({long}) => long === '--name'))
    .map(command => command.name()),
)
/** Nobody knows of a lab there. */
const ofNoLab = [
  'cli/program.ts', // the example of the whole program
  'lab/history/ended.ts', // the record of a run that does not say of which lab it is
  'lab/budget/predicted-faults.ts', // predicts a topology
  'lab/checks/failover/nobody.ts', // likewise
  'lab/judge/compare.ts', // runs of several labs
  'cli/next-after.ts', // a run that is named by its path
  'cli/judged.ts', // likewise
  'cli/commands/init.ts', // a file of which no lab has been raised
  'lab/topology/topology-file.ts', // settings of a lab that is still to be named
  'lab/topology/mistakes.ts', // likewise
  'lab/history/read-events.ts', // a file that may be of anybody's lab
  'cli/render/html/setup.ts',
  'lab/workshop/index.ts', // lessons, and how far somebody is in them, are of no lab
  'lab/workshop/progress.ts',
]

test.each(commandsOfSources().map(({where, command}) => [`${where}: ${command}`, where, command] as const))(
  '%s is taken whole, and names the lab that it is about',
  async (_, where, command) => {
    const words = command.words(called).slice(1)
    for (const word of words) expect(word, 'a placeholder cannot be pasted').not.toMatch(/^[A-Z]{2,}$|^<|\.\.\./)
    await parse(filled(words))
    if (takesName.has(words[0] ?? '') && !ofNoLab.includes(where) && !words.includes('--all'))
      expect(words).toContain('--name')
  },
)

/** All that a report says to type: after the run, and of what did not pass in it. */
function nextIn({next, findings, ended}: ReturnType<typeof judge>): readonly string[] {
  const told = findings.filter(({verdict}) => verdict !== 'pass' && (ended === null || verdict !== 'unknown'))
  return [...next, ...told.flatMap(finding => finding.next ?? [])]
}

const folder = join(root, 'test', 'histories')
const recordings = globSync('*.ndjson.gz', {cwd: folder}).toSorted()

test.each(recordings)(
  'every form of the report of %s prints commands that paste, as the program was called',
  async file => {
    const history = await loadHistory(join(folder, file))
    const report = judge(history, undefined, called)
    const plain = {color: false, width: 100}
    const html = renderHtml({report, history, logs: new Map(), called})
    const forms = {
      text: renderText(report, plain).split('\n'),
      summary: renderSummary(report, plain, []).split('\n'),
      junit: unescaped(renderJunit([report]).replaceAll(/<[^>]*>/g, '')).split('\n'),
      github: renderGithub([report]).replaceAll('%0A', '\n').split('\n'),
      markdown: renderMarkdown([report]).split(/`|\n/),
      html: [...html.matchAll(/<code>([\s\S]*?)<\/code>/g)].map(([, code = '']) => unescaped(code)),
      json: nextIn(JSON.parse(renderJson(report)) as typeof report),
    }
    for (const [form, lines] of Object.entries(forms)) {
      const commands = lines.filter(line => line.includes('pgha-lab ')).map(bare)
      for (const line of commands) {
        expect(line.startsWith(`${called.program} `), `${form}: ${line}`).toBe(true)
        await mustPaste(line)
      }
      // What one form tells, all do; JUnit twice, for it holds the text. The page says how to judge it again, too.
      const ofRun = [...new Set(commands)].filter(line => line !== './pgha-lab judge events.ndjson')
      if (form !== 'summary')
        expect(ofRun.toSorted(), form).toEqual(
          form === 'github' ? expect.arrayContaining(ofRun) : [...new Set(nextIn(report))].toSorted(),
        )
      if (form === 'github') for (const line of report.next) expect(ofRun).toContain(line)
    }
    expect(unescaped(html).split('./pgha-lab ').length - 1).toBe(
      forms.html.filter(line => line.includes('pgha-lab ')).length,
    )
  },
)

/** The lines of a next step, as they stand on the screen behind its word. */
function printed(hint: Hint): string[] {
  return nextLine(hint, called)
    .split('\n')
    .map(line => bare(line))
}

function bare(line: string): string {
  return line.replace(/^ */, '').replace(nextWord, '').trim()
}

/** A line is one command of ours and nothing else, or has none in it. */
async function mustPaste(line: string): Promise<void> {
  const command = line.replace(/^sudo /, '')
  if (!command.startsWith(called.program)) return expect(line).not.toMatch(/pgha-lab (?=[a-z-])/)
  expect(simpleCommands(command), line).toHaveLength(1)
  for (const words of callsOf(command)) await parse(filled(words))
}

/** Some options take no `x`. */
const examples: Readonly<Record<string, string>> = {
  ...{'--within': '30s', '--storm': '10m', '--seed': '7'},
  ...{'--members': '4', '--proxies': '2'},
}

function filled(words: readonly string[]): string[] {
  return words.map((word, index) => (word === 'x' ? (examples[words[index - 1] ?? ''] ?? word) : word))
}

function unescaped(text: string): string {
  return text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
}

test('a command is told from words', () => {
  expect(new OwnCommand(['up'], 'second').says(called)).toBe('./pgha-lab up --name second')
})

test('whoever judges for a person says how that person calls the program', () => {
  const calls = globSync('cli/**/*.{ts,tsx}', {cwd: root}).flatMap(file =>
    [...readFileSync(join(root, file), 'utf8').matchAll(/(?<!function )\bjudge\((?!\))[^\n]*/g)].map(([call]) => call),
  )
  expect(calls.length).toBeGreaterThan(0)
  expect(calls.filter(call => !call.includes('caller()'))).toEqual([])
})
