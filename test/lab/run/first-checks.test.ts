/** A new lab's proxies are told who would pass their check now, and nobody else. */
import {PassThrough} from 'node:stream'
import {text} from 'node:stream/consumers'
import {expect, test} from 'vitest'
import type {Lab} from '../../../lab/engine/lab.ts'
import {tellProxies} from '../../../lab/run/first-checks.ts'
import type {Topology} from '../../../lab/topology/topology.ts'
import {fakeTopology} from '../fake/lab.ts'

type Statuses = Readonly<Record<string, string>>
/** Each host's Patroni: the paths that it answers with 200; undefined: it does not answer. */
type Patronis = Readonly<Record<string, readonly string[] | undefined>>

const csv = (statuses: Statuses) =>
  [
    '# pxname,svname,status,type,check_status,check_code,check_duration',
    ...Object.entries(statuses).map(([at, status]) => `${at.replace('/', ',')},${status},2,L7STS,503,1`),
    '',
  ].join('\n')

/** What HAProxy is told by the first time that it is told anything, or in two rounds of asking. */
async function told(statuses: Statuses, patronis: Patronis, topology: Topology = fakeTopology) {
  const asked: string[] = []
  const heard: string[] = []
  const ended = new AbortController()
  let rounds = 0
  const lab = {
    topology,
    name: 'mine',
    async ask(host: string, service: string, path: string) {
      asked.push(`${host} ${path}`)
      if (service === 'stats') {
        if (++rounds > 2) ended.abort()
        return {code: 200, body: csv(statuses)}
      }
      const knows = patronis[host]
      if (knows === undefined) throw new Error('connection refused')
      return {code: knows.includes(path) ? 200 : 503, body: ''}
    },
    container: async (host: string) => ({id: `id-${host}`}),
    engineOf: () => ({
      async exec(id: string, argv: readonly string[]) {
        const stdin = new PassThrough()
        const done = text(stdin).then(line => {
          heard.push(`${id} ${argv[0]}: ${line}`)
          ended.abort()
          return 0
        })
        return {stdin, done, async [Symbol.asyncDispose]() {}}
      },
    }),
  } as unknown as Lab
  await tellProxies(lab, ended.signal)
  return {heard, asked}
}

const allDown = Object.fromEntries(
  ['primary', 'replicas'].flatMap(entry => ['node1', 'node2', 'node3'].map(host => [`${entry}/${host}`, 'DOWN'])),
)
const leads = ['/primary']
const follows = ['/replica']

test('the leader is called up for writes and whoever follows it for reads, in one line', async () => {
  const {heard} = await told(allDown, {node1: follows, node2: leads, node3: undefined})
  expect(heard).toEqual(['id-proxy1 socat: set server primary/node2 health up; set server replicas/node1 health up\n'])
})

test('nobody is called up while nobody would pass, and who is up is not asked', async () => {
  const {heard, asked} = await told({...allDown, 'primary/node2': 'UP'}, {node1: [], node2: leads, node3: undefined})
  expect(heard).toEqual([])
  expect(asked).toContain('node1 /primary')
  expect(asked).not.toContain('node2 /primary')
})

test('what is asked is the question of the check, whatever path it has', async () => {
  const topology = {...fakeTopology, haproxy: {...fakeTopology.haproxy, checkReplicas: '/replica?lag=1MB'}}
  const {heard} = await told(allDown, {node1: ['/replica?lag=1MB'], node2: follows, node3: follows}, topology)
  expect(heard).toEqual(['id-proxy1 socat: set server replicas/node1 health up\n'])
})

test.each([
  ['asks Patroni nothing', {haproxy: {...fakeTopology.haproxy, checkPrimary: 'tcp', checkReplicas: 'none'}}],
  [
    'asks in TLS a REST API that has none, as somebody’s cluster may',
    {haproxy: {...fakeTopology.haproxy, checkTls: true}},
  ],
  ['comes from a file of somebody’s own', {haproxyFile: {digest: '0'.repeat(64)}}],
] as const)('a check that %s is left to itself', async (_, more) => {
  const {heard, asked} = await told(allDown, {node1: leads, node2: follows, node3: follows}, {
    ...fakeTopology,
    ...more,
  } as Topology)
  expect({heard, asked: asked.filter(one => !one.endsWith('/;csv'))}).toEqual({heard: [], asked: []})
})
