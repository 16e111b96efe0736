/** What a reaper removes, and what it leaves, on a socket that answers like an engine's. */
import {once} from 'node:events'
import {mkdtempSync, rmSync} from 'node:fs'
import {createServer} from 'node:http'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {beforeEach, expect, test, vi} from 'vitest'
import {ask, reap} from '../../../lab/reaper/reap.ts'
import {disposedOf} from '../fake/at-rest.ts'

const orders = {labels: ['lab=mine', 'owner=me'], reaper: 'reaper', graceMs: 0}
type Kind = 'containers' | 'networks' | 'volumes'

/** What it has, by kind: the labels of each. */
let has: Record<Kind, Map<string, Record<string, string>>>
/** How often each removal is refused before it is done. */
let refusals: Map<string, number>
let asked: string[]
let socketPath: string
/** Told of each look. */
let looked: () => void

beforeEach(async () => {
  has = {containers: new Map(), networks: new Map(), volumes: new Map()}
  refusals = new Map()
  asked = []
  looked = () => {}
  vi.spyOn(console, 'error').mockImplementation(() => {})
  const folder = mkdtempSync(join(tmpdir(), 'pgha-reaper-'))
  socketPath = join(folder, 'docker.sock')
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://engine')
    const [, kind, id = ''] = url.pathname.split('/') as [string, Kind, string]
    asked.push(`${request.method} ${url.pathname}`)
    response.setHeader('content-type', 'application/json')
    if (request.method === 'GET') {
      if (kind === 'containers') looked()
      const {label} = JSON.parse(url.searchParams.get('filters') ?? '{}') as {label: string[]}
      const found = [...has[kind]].filter(([, labels]) =>
        label.every(one => Object.entries(labels).some(([name, value]) => `${name}=${value}` === one)),
      )
      const listed = found.map(([Id, Labels]) => ({Id, Name: Id, Labels}))
      response.end(JSON.stringify(kind === 'volumes' ? {Volumes: listed.length === 0 ? null : listed} : listed))
      return
    }
    const left = refusals.get(id) ?? 0
    refusals.set(id, left - 1)
    if (left > 0) response.statusCode = 409
    else has[kind].delete(id)
    response.end(JSON.stringify({message: left > 0 ? 'in use' : ''}))
  }).listen(socketPath)
  await once(server, 'listening')
  disposedOf({
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
      rmSync(folder, {recursive: true})
    },
  })
})

const ours = {lab: 'mine', owner: 'me'}

test('all of the lab and of this owner goes, and nothing else, nor the reaper itself', async () => {
  has.containers
    .set('node1', ours)
    .set('theirs', {lab: 'mine', owner: 'them'})
    .set('other', {lab: 'other', owner: 'me'})
  has.containers.set('reaper', {...ours, reaper: 'yes'})
  has.networks.set('net', ours).set('bridge', {})
  has.volumes.set('data', ours).set('kept', {lab: 'other', owner: 'me'})
  await reap(socketPath, orders, 1)
  expect([...has.containers.keys()]).toEqual(['theirs', 'other', 'reaper'])
  expect([...has.networks.keys()]).toEqual(['bridge'])
  expect([...has.volumes.keys()]).toEqual(['kept'])
})

test('what the engine refuses is tried again, and what comes later goes as well', async () => {
  has.networks.set('net', ours)
  refusals.set('net', 2)
  let looks = 0
  looked = () => {
    if (++looks === 4) has.containers.set('late', ours)
  }
  await reap(socketPath, orders, 1)
  expect([...has.containers.keys(), ...has.networks.keys()]).toEqual([])
  expect(asked.filter(one => one === 'DELETE /networks/net')).toHaveLength(3)
})

test('an engine that refuses is an error with its words, and one that is not there too', async () => {
  refusals.set('x', 1)
  await expect(ask(socketPath, 'DELETE', '/containers/x')).rejects.toThrow(
    'DELETE /containers/x: 409 {"message":"in use"}',
  )
  await expect(ask(`${socketPath}-not`, 'GET', '/_ping')).rejects.toThrow('ENOENT')
})
