import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test, vi} from 'vitest'
import {allReady, enginesNamed, mustLieWhole, sayPlan} from '../../../cli/suite/engines.ts'
import {parseTopology} from '../../../lab/topology/topology-file.ts'
import {LabError} from '../../../lab/words/errors.ts'
import {shell} from '../../../lab/words/next-step.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pgha-suite-engines-'))
  vi.stubEnv('DOCKER_CONFIG', folder).stubEnv('DOCKER_HOST', undefined).stubEnv('DOCKER_CONTEXT', undefined)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, {recursive: true})
})

test('engines are named with commas between', () => {
  expect(enginesNamed('default, ssh://me@there,unix:///x.sock')).toEqual([
    ...['default', 'ssh://me@there', 'unix:///x.sock'],
  ])
})

test.each([
  ['default,', 'usage', /^"" names no Docker engine$/],
  ['-H', 'usage', /^"-H" names no Docker engine$/],
  ['default,default', 'usage', /^--engines names one engine twice: default$/],
  ['unix:///x.sock,unix:///x.sock', 'usage', /twice/],
  ['nowhere', 'docker-missing', /^the Docker context "nowhere" does not exist$/],
])('%j is refused before anything is touched', (written, code, says) => {
  expect(() => enginesNamed(written)).toThrow(expect.objectContaining({code, message: expect.stringMatching(says)}))
})

test('a file that lays a lab over several engines itself is refused beside them', () => {
  const spread = parseTopology('lab.yaml', 'engines: {node1: big, node2: small}\n')
  const refused = {code: 'usage', message: expect.stringMatching(/whole on one engine, and lab\.yaml lays a lab over /)}
  expect(() => mustLieWhole(spread, 'lab.yaml')).toThrow(expect.objectContaining(refused))
  expect(mustLieWhole(parseTopology('lab.yaml', 'profile: fast\n'))).toBe(undefined)
})

test('an engine that is not ready is named, and stops the suite', async () => {
  const hint = shell('docker context ls')
  const ready = async (engine?: string) => {
    if (engine === 'far') throw new LabError('docker-missing', 'no Docker engine answers', {hint})
  }
  await expect(allReady(['near', 'far'], ready)).rejects.toMatchObject({
    ...{code: 'docker-missing', message: 'engine far: no Docker engine answers', hint: 'docker context ls'},
  })
  await allReady(undefined, ready)
})

test('the plan says how long it will take, and on one engine', () => {
  const jobs = Array.from({length: 8}, (_, index) => ({scenario: `s${index}`, set: [], seconds: 60}))
  expect(sayPlan(jobs, ['near', 'far'])).toBe(
    '8 runs on near, far: about 5 min with one lab on each, 9 min on one engine\n',
  )
  expect(sayPlan(jobs, ['near'])).toBe('8 runs on near: about 9 min with one lab on each\n')
})
