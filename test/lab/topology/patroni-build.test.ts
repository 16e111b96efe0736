/** A Patroni of somebody's own: what it is known by, what the lab takes it for, and what is none. */
import {appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeEach, expect, test} from 'vitest'
import {labFile} from '../../../lab/import/lab-file.ts'
import {raisingOf, raisingWords} from '../../../lab/topology/as-set.ts'
import {readPatroniBuild, withoutPrograms} from '../../../lab/topology/patroni-build.ts'
import {patroniFacts} from '../../../lab/topology/patroni-facts.ts'
import {releaseOf} from '../../../lab/topology/release.ts'
import {loadTopology} from '../../../lab/topology/topology-file.ts'
import {topologySchema} from '../../../lab/topology/topology-schema.ts'

const folder = mkdtempSync(join(tmpdir(), 'patroni-build-'))
const checkout = join(folder, 'checkout')
const wheel = join(folder, 'patroni-4.1.0-py3-none-any.whl')
beforeEach(() => {
  rmSync(checkout, {recursive: true, force: true})
  mkdirSync(join(checkout, 'patroni/dcs/__pycache__'), {recursive: true})
  writeFileSync(join(checkout, 'patroni/version.py'), '"""Which it is."""\n__version__ = \'3.3.2\'\n')
  writeFileSync(join(checkout, 'patroni/dcs/etcd3.py'), 'pass\n')
  writeFileSync(wheel, 'PK\x03\x04 and so on')
})
afterAll(() => rmSync(folder, {recursive: true}))

const digestOf = () => {
  const read = readPatroniBuild('checkout', folder)
  if ('says' in read) throw new Error(read.says)
  return read.digest
}
const refused = (path: string) => {
  const read = readPatroniBuild(path, folder)
  return 'says' in read ? read.says : read
}

test('a checkout is known by its version and by what its package holds, whatever Python or git left beside', () => {
  expect(readPatroniBuild('checkout', folder)).toEqual({version: '3.3.2', digest: digestOf(), path: checkout})
  const before = digestOf()
  writeFileSync(join(checkout, 'README.rst'), 'nothing of it\n')
  writeFileSync(join(checkout, 'patroni/dcs/__pycache__/etcd3.cpython-313.pyc'), 'made')
  expect(digestOf()).toBe(before)
  appendFileSync(join(checkout, 'patroni/dcs/etcd3.py'), '# a line more\n')
  expect(digestOf()).not.toBe(before)
})

test('a file that goes from one name to another makes another build of the same bytes', () => {
  const before = digestOf()
  rmSync(join(checkout, 'patroni/dcs/etcd3.py'))
  writeFileSync(join(checkout, 'patroni/dcs/etcd.py'), 'pass\n')
  expect(digestOf()).not.toBe(before)
})

test('a wheel is known by its name and by its bytes, as sha256sum has them', () => {
  expect(readPatroniBuild(wheel, '/')).toMatchObject({version: '4.1.0', path: wheel})
})

test('what is no Patroni is refused with what it should be', () => {
  expect(refused('nosuch')).toBe('nosuch: there is no such checkout or wheel')
  mkdirSync(join(folder, 'other'))
  expect(refused('other')).toBe('other: this is no checkout of Patroni: there is no folder `patroni` in it')
  writeFileSync(join(folder, 'other.txt'), '')
  expect(refused('other.txt')).toMatch(/a folder with its source, or a wheel/)
  writeFileSync(join(folder, 'patroni-4.0.0-py3-none-any.whl'), 'no zip')
  expect(refused('patroni-4.0.0-py3-none-any.whl')).toMatch(/no wheel/)
  writeFileSync(join(checkout, 'patroni/version.py'), '')
  expect(refused('checkout')).toMatch(/does not say a version/)
  writeFileSync(join(checkout, 'patroni/version.py'), "__version__ = '2.1.7'\n")
  expect(refused('checkout')).toBe('checkout: Patroni 2.1.7 is older than 3.0, the oldest that a lab can run')
  expect(refused('4.9.9')).toMatch(/was not got yet/)
})

test('a lab.yaml names it beside itself, and a mistake has its place there', () => {
  const file = join(folder, 'lab.yaml')
  writeFileSync(file, 'patroni:\n  build: checkout\n')
  expect(loadTopology({topology: file}).patroniBuild).toMatchObject({version: '3.3.2', path: checkout})
  writeFileSync(file, 'patroni:\n  build: nowhere\n')
  expect(() => loadTopology({topology: file})).toThrow(/lab\.yaml:2:10: .*nowhere: there is no such checkout or wheel/)
  expect(() => loadTopology({patroni: join(folder, 'nowhere')})).toThrow(/patroni\.build: .*nowhere/)
})

test('a lab knows of its Patroni what that version does, not what the release has', () => {
  const {patroni} = releaseOf(loadTopology({patroni: checkout}))
  expect(patroni).toEqual(patroniFacts('3.3.2'))
  expect(patroni).toMatchObject({title: 'Patroni 3.3', leads: 'master'})
  expect(() => loadTopology({patroni: checkout, set: ['patroni.synchronous_mode=quorum']})).toThrow(
    /Patroni 3\.3\.2 does not know synchronous_mode quorum/,
  )
  expect(() => loadTopology({patroni: wheel, set: ['patroni.synchronous_mode=quorum']})).not.toThrow()
})

test.each([
  ['3.0.2', 'master', false, false],
  ['3.0.4', 'master', true, false],
  ['3.2.0', 'master', true, true],
  ['4.0.0rc1', 'primary', true, true],
  ['4.1', 'primary', true, true],
  ['10.0.1.dev3+g12ab', 'primary', true, true],
])('Patroni %s: a leader is %s', (version, leads, tellsStreaming, hasPriority) => {
  const facts = patroniFacts(version)
  expect(facts).toMatchObject({leads, tellsStreaming})
  expect(facts.tags.includes('failover_priority')).toBe(hasPriority)
})

test('a lab.yaml that is written of it names it', () => {
  expect(labFile(loadTopology({patroni: checkout}), 'made')).toMatch(new RegExp(`build: "?${checkout}"?`))
})

test('a lab keeps where it lies, for the next `up`; a history, which is given away, does not', () => {
  const topology = loadTopology({patroni: checkout})
  expect(topologySchema.parse(JSON.parse(JSON.stringify(topology)))).toEqual(topology)
  expect(JSON.stringify(withoutPrograms(topology))).not.toContain(folder)
  expect(withoutPrograms(topology).patroniBuild).toEqual({version: '3.3.2', digest: digestOf()})
  const raising = raisingOf(topology, undefined)
  expect(raising && raisingWords(raising)).toEqual(['--patroni', checkout])
  expect(raisingOf(withoutPrograms(topology), undefined)).toBeUndefined()
})
