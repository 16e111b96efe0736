/** `help TOPIC`: the pages of docs/, which the package has, as a terminal shows them. */
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {LabError, packageRoot} from '../lab/inside/start.ts'
import {print} from './output.ts'
import {pageText} from './render/page-text.ts'
import {columns, wrapWords} from './wrap.ts'

interface Topic {
  readonly about: string
  /** From the root of the package. */
  readonly page: string
  /** Only the part below this heading. */
  readonly part?: string
}

/** None is called like a command: `help up` is the help of `up`. */
export const topics: Readonly<Record<string, Topic>> = {
  start: {about: 'the first lab and the first failover', page: 'docs/start.md'},
  verdicts: {about: 'how a verdict is made, and what each expectation holds', page: 'docs/reference/verdicts.md'},
  reading: {about: 'how to read a report', page: 'docs/read-a-verdict.md'},
  'scenario-files': {about: 'what a scenario file may say', page: 'docs/reference/files.md'},
  faults: {about: 'what can be broken, and with which parameters', page: 'docs/reference/faults.md'},
  'exit-codes': {
    about: 'what each exit code means, and what to do with it',
    ...{page: 'docs/ci.md', part: 'What to do with the exit code'},
  },
  environment: {about: 'the variables that are read', page: 'docs/reference/environment.md'},
  ci: {about: 'CI: what it reads, shards, a baseline', page: 'docs/ci.md'},
  'your-app': {about: 'how your program gets through a failover', page: 'docs/test-your-app.md'},
  'your-cluster': {about: 'a lab that is like a cluster of yours', page: 'docs/my-cluster.md'},
  library: {about: 'the library for tests and stories', page: 'docs/reference/library.md'},
  reports: {about: 'what a report.json holds', page: 'docs/reference/report.md'},
  releases: {about: 'which versions the hosts run', page: 'docs/releases.md'},
  safety: {about: 'what is touched on this machine, and what never', page: 'docs/safety.md'},
  limits: {about: 'what a lab cannot show', page: 'docs/limits.md'},
  troubleshooting: {about: 'what to do when something does not work', page: 'docs/troubleshooting.md'},
}

/** Wider lines are hard to read. */
const widest = 100

export function showTopic(name: string): void {
  const {page, part} = topics[name]!
  let text: string
  try {
    text = readFileSync(join(packageRoot, page), 'utf8')
  } catch (error) {
    throw new LabError('setup-failed', `${page} cannot be read: ${(error as Error).message}`, {
      cause: error,
      hint: 'its pages are part of the package, which has to be installed anew',
    })
  }
  print(pageText(text, Math.min(widest, columns(process.stdout)), part))
}

/** For the end of the program's help. @param width of the terminal. */
export function topicsHelp(width: number): string {
  const longest = Math.max(...Object.keys(topics).map(name => name.length))
  const lines = Object.entries(topics).flatMap(([name, {about}]) =>
    wrapWords(`  ${name.padEnd(longest)}  ${about}`, width, ' '.repeat(longest + 4)),
  )
  return ['\nTopics (help TOPIC):', ...lines].join('\n')
}
