/** An engine that a docker context points to is asked, and the environment stays as it was: it is the caller's, in a library. */
import {createHash} from 'node:crypto'
import {mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test, vi} from 'vitest'
import {Docker} from '../../../lab/engine/docker.ts'
import {files, root} from '../../imports.ts'
import {type FakeEngine, fakeEngine} from '../fake-engine.ts'

let folder: string
let engine: FakeEngine

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pgha-context-'))
  engine = await fakeEngine([{lab: 'x', host: 'node1'}])
  vi.stubEnv('DOCKER_HOST', undefined)
  vi.stubEnv('DOCKER_CONFIG', folder)
  vi.stubEnv('DOCKER_CONTEXT', 'mine')
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await engine[Symbol.asyncDispose]()
  rmSync(folder, {recursive: true})
})

function context(address: string): void {
  const meta = join(folder, 'contexts', 'meta', createHash('sha256').update('mine').digest('hex'))
  mkdirSync(meta, {recursive: true})
  writeFileSync(join(meta, 'meta.json'), JSON.stringify({Endpoints: {docker: {Host: address}}}))
}

test('the engine of the docker context is asked, and the environment is left alone', async () => {
  context(`unix://${engine.socketPath}`)
  const before = {...process.env}
  expect((await new Docker().containers('x')).map(one => one.host)).toEqual(['node1'])
  expect({...process.env}).toEqual(before)
})

test("another machine's engine behind a context is refused as one behind DOCKER_HOST is", () => {
  context('tcp://10.0.0.5:2376')
  expect(() => new Docker()).toThrow('is not on this machine (tcp://10.0.0.5:2376)')
})

test.each([
  ['null', 'null'],
  ['a number for a name', '{"currentContext":5}'],
  ['a list', '[]'],
  ['no JSON', '{'],
])("Docker's configuration that holds %s is one sentence", (_, text) => {
  vi.stubEnv('DOCKER_CONTEXT', undefined)
  writeFileSync(join(folder, 'config.json'), text)
  expect(() => new Docker()).toThrow(expect.objectContaining({code: 'docker-missing'}))
})

test("Docker's configuration is read as a regular file, with an end", () => {
  vi.stubEnv('DOCKER_CONTEXT', undefined)
  symlinkSync('/dev/zero', join(folder, 'config.json'))
  expect(() => new Docker()).toThrow(/config\.json is not readable/)
})

test('a DOCKER_HOST that is no address is one sentence', () => {
  vi.stubEnv('DOCKER_HOST', 'tcp://127.0.0.1:99999')
  expect(() => new Docker()).toThrow('DOCKER_HOST is no address that can be read: tcp://127.0.0.1:99999')
})

test('no file of the library writes to the environment', () => {
  const writes = files
    .filter(file => /^(lab|compose)\//.test(file))
    .flatMap(file =>
      readFileSync(join(root, file), 'utf8')
        .split('\n')
        .flatMap((line, index) =>
          /\bprocess\.env(\.\w+|\[[^\]]+\])?\s*(\?\?|\|\||&&)?=[^=]|delete process\.env|assign\(process\.env/.test(line)
            ? [`${file}:${index + 1}: ${line.trim()}`]
            : [],
        ),
    )
  expect(writes).toEqual([])
})
