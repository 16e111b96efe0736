/** Whatever stands in a lab's compose file beside what was meant, `up` starts nothing of it. Compose is asked, no lab is raised. */
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import fc from 'fast-check'
import {afterAll, beforeEach, describe, expect, test} from 'vitest'
import {differences} from '../../compose/read-back.ts'
import {composeFile as meantBy, render} from '../../compose/render.ts'
import {Docker} from '../../lab/engine/docker.ts'
import {composeOn} from '../../lab/engine/stack.ts'
import {imageTags} from '../../lab/setup/images.ts'
import {addressesOf, portsOf} from '../../lab/state/allocate.ts'
import {composeFile, labFolder} from '../../lab/state/folders.ts'
import {owner} from '../../lab/state/owner.ts'
import {type SavedLab, saveLab} from '../../lab/state/state.ts'
import type {Allocation, Topology} from '../../lab/topology/topology.ts'
import {loadTopology} from '../../lab/topology/topology-file.ts'
import {strayCharacter} from '../../lab/words/plain-text.ts'
import {expectExit} from './cli.ts'

const name = 'compose-tampered'
const state = mkdtempSync(join(tmpdir(), 'pgha-lab-tampered-'))
process.env.XDG_STATE_HOME = state
afterAll(() => rmSync(state, {recursive: true}))

const never = new AbortController().signal

function allocated(topology: Topology, passwords: Partial<Allocation['passwords']> = {}): Allocation {
  const subnet = '10.213.99.0/24'
  return {
    lab: name,
    ...{subnet, addresses: addressesOf(topology, subnet), observer: '10.213.99.10'},
    ports: portsOf(topology, 29_950),
    passwords: {superuser: 'su', replication: 'repl', rewind: 'rewind', app: 'app', ...passwords},
    images: imageTags(),
  }
}

const topology = loadTopology({profile: 'fast'})
const saved: SavedLab = {schema: 2, topology, allocation: allocated(topology)}
const written = render(topology, saved.allocation, owner())

const within = (line: string, added: string) => written.replace(line, `${line}${added}`)
const under = (service: string, added: string) => within(`    hostname: ${service}\n`, `${added}\n`)

describe('a compose file with', () => {
  beforeEach(() => saveLab(saved, written))

  test.each<[string, string, string]>([
    ['another service', within('services:\n', '  evil: {image: x, privileged: true}\n'), 'services.evil is {'],
    ['privileges', under('node1', '    privileged: true'), 'services.node1.privileged is true, where nothing is meant'],
    ['the processes of the machine', under('node1', '    pid: host'), 'services.node1.pid is "host"'],
    ['a device', under('node1', '    devices: ["/dev/null:/dev/x"]'), 'services.node1.devices is ['],
    [
      'the root of the machine',
      under('proxy1', '    volumes: ["/:/host"]'),
      'services.proxy1.volumes is [{"type":"bind"',
    ],
    ['another image', written.replace(saved.allocation.images.host, 'evil'), 'services.node1.image is "evil"'],
    [
      'a port for everybody',
      written.replace('host_ip: "127.0.0.1"', 'host_ip: "0.0.0.0"'),
      'services.node1.ports.0.host_ip is "0.0.0.0"',
    ],
    [
      'another command',
      written.replace('command: [etcd, patroni]', 'command: [etcd, patroni, sh]'),
      'services.node1.command.2 is "sh"',
    ],
    ['another entrypoint', under('node1', '    entrypoint: [sh]'), 'services.node1.entrypoint is ["sh"]'],
    ['a capability more', written.replace('cap_add: [', 'cap_add: [SYS_PTRACE, '), 'services.node1.cap_add.'],
    [
      'another network',
      within('    networks:\n', '      other: {}\n').replace('networks:\n  lab:', 'networks:\n  other: {}\n  lab:'),
      'services.node1.networks.other is',
    ],
    ['a service of another file', `${written}include: [more.yaml]\n`, 'services.evil is {'],
    ['a file that is empty as yet', `${written}include: [empty.yaml]\n`, 'this line is not as it was written'],
    [
      'what it extends',
      under('node1', '    extends: {file: more.yaml, service: evil}'),
      'services.node1.privileged is true',
    ],
    ['what it merges', within('services:\n', `  <<: {evil: {image: x}}\n`), 'services.evil is {'],
    [
      'a line that only Compose breaks',
      written.replace('pgha-lab:', 'pgha-lab\u2028include: [empty.yaml]\u2028#'),
      'this line is not as it was written',
    ],
    [
      'a configuration that is a file',
      written.replace(/(\n {2}haproxy:\n {4}name: .*\n)/, '$1    file: /etc/hostname\n'),
      'docker compose refuses',
    ],
    ['nothing', '', 'docker compose refuses'],
  ])('%s is refused, and nothing is started', async (_, text, says) => {
    expect(text).not.toBe(written)
    writeFileSync(composeFile(name), text)
    writeFileSync(join(labFolder(name), 'more.yaml'), 'services: {evil: {image: x, privileged: true}}\n')
    writeFileSync(join(labFolder(name), 'empty.yaml'), 'services: {}\n')
    const {err} = await expectExit(2, ['up', '--name', name])
    expect(err).toContain(says)
    expect(err).toContain(`pgha-lab down --name ${name}`)
    expect(await new Docker().leftovers(name)).toEqual({containers: 0, networks: 0, volumes: 0})
    expect(readFileSync(composeFile(name), 'utf8')).toBe(text)
  })

  test.each<[string, (lab: string) => string, RegExp]>([
    [
      'another image',
      text => text.replace(/"pgha-lab\/host:[^"]*"/, '"evil"'),
      /allocation\.images\.host: not an image of ours/,
    ],
    [
      'a network of somebody else',
      text => text.replace('10.213.99.0/24', '192.168.0.0/16'),
      /allocation\.subnet: not a network/,
    ],
    [
      'an address of another network',
      text => text.replace(/"node1": "10\.213\.99\.\d+"/, '"node1": "203.0.113.7"'),
      /allocation\.addresses\.node1: not an address of 10\.213\.99\.0/,
    ],
    [
      'the address of the engine',
      text => text.replace('"observer": "10.213.99.10"', '"observer": "10.213.99.1"'),
      /allocation\.observer: not an address of 10\.213\.99\.0/,
    ],
    [
      'a line break in a value',
      text => text.replace('"5s"', '"5s\\u2028evil: 1"'),
      /postgresParameters\.\S+: the line separator/,
    ],
    ['the name of another lab', text => text.replace(`"lab": "${name}"`, '"lab": "other"'), /is of another lab/],
  ])('a lab.json with %s is refused, too', async (_, change, says) => {
    const file = join(labFolder(name), 'lab.json')
    const text = change(readFileSync(file, 'utf8'))
    expect(text).not.toBe(readFileSync(file, 'utf8'))
    writeFileSync(file, text)
    const {err} = await expectExit(/other/.test(text) ? 3 : 2, ['up', '--name', name])
    expect(err).toMatch(says)
    expect(await new Docker().leftovers(name)).toEqual({containers: 0, networks: 0, volumes: 0})
  })
})

test('whatever values a topology accepts, Compose reads them as they are meant', async () => {
  const parts = [
    "'",
    '"',
    '\\',
    '$',
    '$$',
    '$(x)',
    '#',
    ': ',
    '- ',
    '*',
    '&',
    '|',
    '<<',
    'yes',
    '0x1',
    '{',
    ']',
    ',',
    'é',
    '👋',
    '!!str',
    '\u00a0',
    '%',
    '`',
    '@',
    '?',
    '~',
  ]
  const text = fc
    .oneof(
      fc.string({unit: 'binary'}),
      fc.array(fc.constantFrom(...parts), {maxLength: 8}).map(some => some.join('')),
    )
    .filter(one => strayCharacter(one) === null)
  const texts = fc.sample(text, {numRuns: 400, seed: 7})
  const cruel: Topology = {
    ...topology,
    postgresParameters: Object.fromEntries(texts.map((value, index) => [`x.p${index}`, value])),
  }
  for (const password of texts.filter(one => one.length > 2).slice(0, 5)) {
    const given = allocated(cruel, {superuser: password, app: password})
    const read = await composeOn(new Docker().environment).reads(
      {text: render(cruel, given, owner()), folder: tmpdir()},
      never,
    )
    expect(differences(meantBy(cruel, given, owner()), read)).toEqual([])
  }
})
