/** What a run ran on: under the verdict the releases, at the end what the image was built from, digests and all. */
import {expect, test} from 'vitest'
import {renderMarkdown} from '../../../cli/render/markdown.ts'
import {renderText} from '../../../cli/render/text.ts'
import {judge} from '../../../lab/judge/judge.ts'
import {imageVersions, recorded, withImageVersions} from './recorded.ts'

const report = judge(withImageVersions(recorded('kill-leader.pass')))
const releases = 'PostgreSQL 17.11, Patroni 4.0.7, etcd 3.5.16, HAProxy 3.0.11'
const values = Object.values(imageVersions)

test('text: the headline has the releases alone, and the last part has the rest, wrapped', () => {
  const text = renderText(report, {color: false, width: 80})
  const [top = '', ...parts] = text.split('\n\n')
  expect(top.replaceAll(/\s+/g, ' ')).toContain(releases)
  expect(top).not.toMatch(/sha256|deb13u|8ae99c57d80e/)
  const last = parts.at(-1)!
  expect(last).toMatch(/^what the image of the hosts was built from\n/)
  for (const value of values) expect(last.replaceAll(/\s+/g, ' ')).toContain(value)
  expect(last.split('\n').filter(line => line.length > 80)).toEqual([])
})

test('Markdown: the line with the run has the releases alone, and the rest is folded', () => {
  const text = renderMarkdown([report])
  const [, line = ''] = /<sub>(.*)<\/sub>/.exec(text)!
  expect(line).toContain(releases)
  expect(line).not.toMatch(/sha256|8ae99c57d80e/)
  const [, folded = ''] =
    /<details><summary>What the image of the hosts was built from<\/summary>([\s\S]*?)<\/details>/.exec(text)!
  for (const name of Object.keys(imageVersions)) expect(folded).toContain(`- ${name}: `)
  expect(folded).toContain('8ae99c57d80e')
})

test('a run that does not say has no such part', () => {
  const older = judge(recorded('kill-leader.pass'))
  expect(renderText(older, {color: false, width: 80})).not.toContain('was built from')
  expect(renderMarkdown([older])).not.toContain('was built from')
})
