/** Whoever answers for the engine sends nobody anywhere else, past the question whether that is on this machine, and fills no memory. */
import {mkdtempSync, rmSync} from 'node:fs'
import {createServer, type RequestListener} from 'node:http'
import type {AddressInfo} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect, onTestFinished, test, vi} from 'vitest'
import {Docker} from '../../../lab/engine/docker.ts'

async function engineThat(answers: RequestListener): Promise<Docker> {
  const folder = mkdtempSync(join(tmpdir(), 'pgha-boundless-'))
  const engine = createServer(answers)
  await new Promise<void>(listening => engine.listen(join(folder, 'x.sock'), listening))
  onTestFinished(() => {
    vi.unstubAllEnvs()
    engine.closeAllConnections()
    engine.close()
    rmSync(folder, {recursive: true})
  })
  vi.stubEnv('DOCKER_HOST', `unix://${join(folder, 'x.sock')}`)
  return new Docker()
}

test('a redirect is followed nowhere, and told as what no engine does', async () => {
  let visits = 0
  const elsewhere = createServer((_, answer) => {
    visits++
    answer.end('[]')
  })
  await new Promise<void>(listening => elsewhere.listen(0, '127.0.0.1', listening))
  onTestFinished(() => void elsewhere.close())
  const {port} = elsewhere.address() as AddressInfo
  const docker = await engineThat((_, answer) => answer.writeHead(302, {location: `http://127.0.0.1:${port}/`}).end())
  await expect(docker.containers('x')).rejects.toMatchObject({
    code: 'engine',
    message: expect.stringContaining('sends to another address'),
  })
  expect(visits).toBe(0)
})

test.each([
  ['a list', 200, (docker: Docker) => docker.containers('x')],
  ['logs', 200, (docker: Docker) => docker.logs('x')],
  ['a refusal', 500, (docker: Docker) => docker.containers('x')],
  ['a refusal to stream', 500, (docker: Docker) => docker.logs('x', {follow: true})],
])('%s without an end is left as soon as it is longer than any answer', async (_what, status, ask) => {
  let sent = 0
  const megabyte = Buffer.alloc(2 ** 20, '[')
  const docker = await engineThat((_, answer) => {
    answer.writeHead(status, {'content-type': 'application/json'})
    const fill = () => {
      while (!answer.destroyed && answer.write(megabyte)) sent++
      sent++
    }
    answer.on('drain', fill)
    fill()
  })
  await expect(ask(docker)).rejects.toMatchObject({
    code: 'engine',
    message: expect.stringContaining('answered with more than 64 MB'),
  })
  expect(sent).toBeLessThan(80)
})
