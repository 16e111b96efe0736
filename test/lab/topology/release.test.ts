/** Another release is one more record: here one that nobody has, and nothing of the usual one is left in what is made for it. */
import {globSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {composeFile, render} from '../../../compose/render.ts'
import {signOf} from '../../../lab/probes/log-signs.ts'
import {configOf} from '../../../lab/scenario/bind.ts'
import {imageTags} from '../../../lab/setup/images.ts'
import {addressesOf, observerIn, portsOf} from '../../../lab/state/allocate.ts'
import {dynamicSettings, tagSettings} from '../../../lab/topology/kept.ts'
import {type Release, type ReleaseName, releaseNames, releaseOf, releases} from '../../../lab/topology/release.ts'
import type {Topology} from '../../../lab/topology/topology.ts'
import {loadTopology, parseTopology} from '../../../lab/topology/topology-file.ts'
import {topologySchema} from '../../../lab/topology/topology-schema.ts'

const elephant: Release = {
  title: 'Elephant 99',
  debian: '99',
  bin: '/opt/elephant/99/bin',
  serverPackage: 'elephant-99',
  goneParameters: [],
  imageArguments: {POSTGRESQL: '99'},
  morePackages: ['trunk'],
  patroni: {
    ...{title: 'Herd 9', leads: 'matriarch', primaryStartTimeout: 'matriarch_start_timeout'},
    ...{dynamicKeys: {top: [], postgresql: []}, tags: [], synchronousModes: ['off'], takesBinNames: false},
    tellsStreaming: true,
  },
  etcd: {settings: {logger: 'mahout'}},
  pgbouncer: {lacks: []},
  logSigns: [{service: 'postgres', sign: 'panic', words: /TRUMPETS/}],
}
const name = 'elephant-99' as ReleaseName
const topology: Topology = {...loadTopology({}), release: name}
const subnet = '10.213.7.0/24'
const allocation = {
  ...{lab: 'demo', subnet, addresses: addressesOf(topology, subnet), observer: observerIn(subnet)},
  ports: portsOf(topology, 25_350),
  passwords: {superuser: 'su', replication: 're', rewind: 'rw', app: 'app'},
  images: {host: 'pgha-lab/host:test', app: 'pgha-lab/app:test'},
}
const owner = {id: 'c0ffee', home: null}

// What adding a release does.
beforeAll(() => void Object.assign(releases, {[name]: elephant}))
afterAll(() => void Reflect.deleteProperty(releases, name))

test('a lab of it is rendered with its paths and names', () => {
  const text = render(topology, allocation, owner)
  expect(text).toContain('Elephant 99 kept available by Patroni')
  expect(text).not.toMatch(/PostgreSQL 17|postgresql-17|postgresql\/17|primary_start_timeout/)
  const {configs} = composeFile(topology, allocation, owner)
  expect(configs.patroni?.content).toMatch(/bin_dir: \/opt\/elephant\/99\/bin\n/)
  expect(configs.patroni?.content).toMatch(/matriarch_start_timeout: 300\n/)
  expect(configOf(topology)).toMatchObject({matriarch_start_timeout: 300})
})

test('its log is read by its words', () => {
  expect(signOf('postgres | TRUMPETS', releaseOf(topology))).toMatchObject({sign: 'panic'})
  expect(signOf('postgres | PANIC: no', releaseOf(topology))).toBeNull()
})

test('labs and runs of a time when there was one release are of the usual one', () => {
  const {release: _, ...older} = loadTopology({})
  for (const written of [older, {...older, release: 'postgresql-17'}])
    expect(topologySchema.parse(written)).toEqual({...older, release: 'trixie'})
  expect(topologySchema.safeParse({...older, release: 'postgresql-16'}).success).toBe(false)
})

test('each setting of Patroni that a lab.yaml takes is known to a release', () => {
  for (const [key, {under}] of Object.entries(dynamicSettings))
    expect([key, releaseNames.filter(one => keysOf(one, under).includes(key)).length > 0]).toEqual([key, true])
  for (const tag of Object.keys(tagSettings))
    expect([tag, releaseNames.filter(one => releases[one].patroni.tags.includes(tag)).length > 0]).toEqual([tag, true])
})

const keysOf = (one: ReleaseName, under: '' | 'postgresql') =>
  under === '' ? releases[one].patroni.dynamicKeys.top : releases[one].patroni.dynamicKeys.postgresql

test.each([
  ['bookworm', 'PostgreSQL 15', 'release=bookworm'],
  ['trixie', 'PostgreSQL 17', 'profile=default'],
  ['forky', 'PostgreSQL 18', 'release=forky'],
] as const)('%s is raised by its word, in a file, behind --set and as an option', (release, title, set) => {
  const wanted = [
    loadTopology({set: [set]}),
    loadTopology({release}),
    loadTopology({release, set: ['release=bookworm']}),
    parseTopology('lab.yaml', `release: ${release}\n`),
  ]
  for (const topology of wanted) expect([topology.release, releaseOf(topology).title]).toEqual([release, title])
})

test('the image of its hosts is another, and that of the clients is the same', () => {
  const [usual, other] = [imageTags(), imageTags(name)]
  expect(other.host).toMatch(/^pgha-lab\/host:elephant-99-[0-9a-f]{12}$/)
  expect(usual.host).toMatch(/^pgha-lab\/host:trixie-[0-9a-f]{12}$/)
  expect(other.app).toBe(usual.app)
})

test('no file but the record says the number of a release where a program reads it', () => {
  const root = join(import.meta.dirname, '..', '..', '..')
  const files = globSync(['lab/**/*.ts', 'compose/*.ts', 'cli/**/*.{ts,tsx}', 'images/**/*'], {
    cwd: root,
    withFileTypes: true,
  }).filter(file => file.isFile())
  const telling = files
    .map(file => join(file.parentPath, file.name))
    // Rules about other people's files name their sources.
    .filter(file => !file.endsWith('lab/topology/release.ts') && !file.includes('lab/lint/rules/'))
    .flatMap(file =>
      readFileSync(file, 'utf8')
        .split('\n')
        .filter(line => !/^\s*(\/?\*|\/\/|#)/.test(line) && /postgresql(-client)?[-/]\d|PostgreSQL \d\d/.test(line))
        .map(line => `${file}: ${line}`),
    )
  expect(telling).toEqual([])
})
