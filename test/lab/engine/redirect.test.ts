/** Whoever answers for the engine sends nobody anywhere else: that would be past the question whether it is on this machine. */
import {mkdtempSync, rmSync} from 'node:fs'
import {createServer} from 'node:http'
import type {AddressInfo} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect, onTestFinished, test, vi} from 'vitest'
import {Docker} from '../../../lab/engine/docker.ts'

test('a redirect is followed nowhere, and told as what no engine does', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pgha-redirect-'))
  let visits = 0
  const elsewhere = createServer((_, answer) => {
    visits++
    answer.end('[]')
  })
  await new Promise<void>(listening => elsewhere.listen(0, '127.0.0.1', listening))
  const {port} = elsewhere.address() as AddressInfo
  const engine = createServer((_, answer) => answer.writeHead(302, {location: `http://127.0.0.1:${port}/`}).end())
  await new Promise<void>(listening => engine.listen(join(folder, 'x.sock'), listening))
  onTestFinished(() => {
    vi.unstubAllEnvs()
    engine.close()
    elsewhere.close()
    rmSync(folder, {recursive: true})
  })
  vi.stubEnv('DOCKER_HOST', `unix://${join(folder, 'x.sock')}`)
  await expect(new Docker().containers('x')).rejects.toMatchObject({
    code: 'engine',
    message: expect.stringContaining('sends to another address'),
  })
  expect(visits).toBe(0)
})
