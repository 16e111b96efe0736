/** README and docs hold together: links and anchors lead somewhere, samples are what the program prints, files are valid. */
import {existsSync, globSync, readFileSync} from 'node:fs'
import {dirname, join, normalize} from 'node:path'
import {gunzipSync} from 'node:zlib'
import {describe, expect, test} from 'vitest'
import {renderText} from '../../cli/render/text.ts'
import {parseHistory} from '../../lab/history/read-events.ts'
import {judge} from '../../lab/judge/judge.ts'
import {parseScenario} from '../../lab/scenario/index.ts'
import {sections} from './markdown.ts'
import {pages, root} from './shell-blocks.ts'

const read = (page: string) => readFileSync(join(root, page), 'utf8')
const withoutCode = (text: string) =>
  text.replaceAll(/^( *)```[\s\S]*?^\1```$/gm, '').replaceAll(/`[^`\n]*`/g, code => code.replaceAll(/[[\]]/g, ''))

/** As GitHub makes them of headings. */
function anchorsOf(text: string): Set<string> {
  const headings = [...text.replaceAll(/^( *)```[\s\S]*?^\1```$/gm, '').matchAll(/^#+ (.+)$/gm)].map(found => found[1]!)
  return new Set(
    headings.map(heading =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replaceAll(/\s/g, '-'),
    ),
  )
}

describe.each([...pages, 'CHANGELOG.md'])('%s', page => {
  const text = read(page)
  const links = [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(found => found[1]!)
    .filter(to => !/^https?:/.test(to))

  test('links only to files that are there', () => {
    const missing = links.filter(to => !existsSync(join(root, dirname(page), to.split('#')[0] || '.')))
    expect(missing).toEqual([])
  })

  test('links only to headings that are there', () => {
    const missing = links.filter(to => {
      const [file = '', anchor] = to.split('#')
      const target = file === '' ? page : normalize(join(dirname(page), file))
      return anchor !== undefined && target.endsWith('.md') && !anchorsOf(read(target)).has(anchor)
    })
    expect(missing).toEqual([])
  })

  test('shows scenarios that are valid', () => {
    for (const [, yaml = ''] of text.matchAll(/```yaml\n(about:[\s\S]*?)```/g))
      expect(parseScenario(page, yaml).expect.length).toBeGreaterThan(0)
  })
})

test('every page can be reached from the README', () => {
  const reached = new Set<string>()
  const follow = (page: string) => {
    if (reached.has(page) || !page.endsWith('.md') || !existsSync(join(root, page))) return
    reached.add(page)
    for (const [, to = ''] of read(page).matchAll(/\]\(([^)\s#]+)/g))
      if (!/^https?:/.test(to)) follow(normalize(join(dirname(page), to)))
  }
  follow('README.md')
  expect(pages.filter(page => !reached.has(page))).toEqual([])
})

const samples = pages.flatMap(page => {
  let history = ''
  return [...read(page).matchAll(/^\.\/pgha-lab report (test\/histories\/\S+)$|^```text\n([\s\S]*?)^```$/gm)].flatMap(
    found => {
      if (found[1] !== undefined) history = found[1]
      return found[2] === undefined || history === '' ? [] : [{page, history, lines: found[2].trimEnd().split('\n')}]
    },
  )
})

test('README, the page on verdicts and the workshop have samples', () =>
  expect(new Set(samples.map(one => one.page))).toEqual(
    new Set(['README.md', 'docs/read-a-verdict.md', 'docs/workshop.md']),
  ))

test('the workshop has six exercises, each with commands, what is seen, a question and its answer', () => {
  const exercises = [...sections(read('docs/workshop.md'))].filter(([title]) => /^\d\. /.test(title))
  expect(exercises).toHaveLength(6)
  for (const [title, text] of exercises)
    expect({
      title,
      whole: /```sh\n[\s\S]*They see [\s\S]*\*\*Question\.\*\*[\s\S]*\*\*Answer\.\*\*/.test(text),
    }).toEqual({
      title,
      whole: true,
    })
})

test.each(samples)('a sample of $history in $page is what report prints of it', ({history, lines}) => {
  const report = judge(parseHistory(gunzipSync(readFileSync(join(root, history))).toString()))
  const printed = renderText(report, {color: false, ascii: false, width: 100}).split('\n')
  let from = 0
  for (const line of lines) {
    const at = printed.indexOf(line, from)
    expect(at, line).toBeGreaterThan(-1)
    from = at + 1
  }
})

test('a command in the prose of a page is called as a reader of a clone has it', () => {
  const bare = globSync(['README.md', 'docs/**/*.md'], {cwd: root}).flatMap(page =>
    [...readFileSync(join(root, page), 'utf8').matchAll(/`pgha-lab [a-z-]+/g)].map(([call]) => `${page}: ${call}`),
  )
  expect(bare).toEqual([])
})
