/** What a program loads that asks an engine, which is most of what a short command takes. */
import {join} from 'node:path'
import {execa} from 'execa'
import {expect, test} from 'vitest'
import {fakeEngine} from '../fake-engine.ts'

const root = join(import.meta.dirname, '..', '..', '..')

/** Asks the engine of DOCKER_HOST in a process of its own, and says which of the large packages are loaded by then. */
const asking = `
  import {createRequire} from 'node:module'
  import {Docker} from ${JSON.stringify(join(root, 'lab/engine/docker.ts'))}
  const said = await new Docker().version().then(() => 'it answers', error => error.message)
  const files = Object.keys(createRequire(${JSON.stringify(join(root, 'package.json'))}).cache)
  const loaded = ['ssh2', '@grpc/grpc-js', 'protobufjs', 'tar-stream', 'readable-stream'].filter(name => files.some(file => file.includes('/node_modules/' + name + '/')))
  console.log(JSON.stringify({said, loaded}))
  process.exit()
`

async function asked(address: string): Promise<{said: string; loaded: readonly string[]}> {
  const env = {DOCKER_HOST: address, DOCKER_CONTEXT: '', PGHA_LAB_ALLOW_REMOTE: '1'}
  const {stdout} = await execa(process.execPath, ['--input-type=module', '-e', asking], {env})
  return JSON.parse(stdout) as {said: string; loaded: readonly string[]}
}

test('whoever asks an engine here loads neither SSH nor gRPC, nor what only packs or talks to an exec', async () => {
  await using engine = await fakeEngine()
  expect(await asked(`unix://${engine.socketPath}`)).toEqual({said: 'it answers', loaded: []})
})

test('whoever asks an engine by SSH does so too: it is the ssh of the system that leads there', async () => {
  const {said, loaded} = await asked('ssh://me@127.0.0.1:1')
  expect(said).toMatch(/SSH|ssh/)
  expect(loaded).toEqual([])
})
