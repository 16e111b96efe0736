import {expect, test} from 'vitest'
import type {ImageFound} from '../../../lab/engine/docker.ts'
import {
  packageChanges,
  parseDpkgStatus,
  parsePackages,
  printPackages,
  recordOf,
  sayAge,
  sayBootstrap,
  sayPackages,
} from '../../../lab/engine/image-record.ts'

const packages = {patroni: '4.0.7-1', 'postgresql-17': '17.12-0+deb13u1', libc6: '2:2.41-12'}

test('packages are read from a label as they were printed into it', () => {
  expect(parsePackages(printPackages(packages))).toEqual(packages)
  expect(printPackages(packages)).toBe('libc6=2:2.41-12 patroni=4.0.7-1 postgresql-17=17.12-0+deb13u1')
})

test('an image tells its base, its packages and its age; one without labels tells what it can', () => {
  const found: ImageFound = {
    id: `sha256:${'ab'.repeat(32)}`,
    createdAt: Date.parse('2026-11-01T00:00:00Z'),
    labels: {'pgha-lab.base': 'debian@sha256:00', 'pgha-lab.packages': printPackages(packages)},
    tags: [],
    digests: [],
  }
  const record = recordOf(found)
  expect(record).toEqual({id: 'abababababab', builtAt: found.createdAt, base: 'debian@sha256:00', packages})
  expect(sayPackages(record.packages)).toBe('postgresql-17 17.12-0+deb13u1, patroni 4.0.7-1')
  expect(recordOf({...found, labels: {}})).toMatchObject({base: null, packages: {}})
  expect(sayPackages({})).toBeUndefined()
  const day = 86_400_000
  expect([0.5, 1.5, 40].map(days => sayAge(0, days * day))).toEqual(['today', '1 day ago', '40 days ago'])
})

test('a refresh says old and new versions, what came and what went, and nothing where nothing changed', () => {
  expect(packageChanges(packages, {patroni: '4.1.0-1', libc6: '2:2.41-12', etcd: '3.5'})).toEqual([
    '+ etcd 3.5',
    'patroni 4.0.7-1 -> 4.1.0-1',
    '- postgresql-17 17.12-0+deb13u1',
  ])
  expect(packageChanges(packages, {...packages})).toEqual([])
})

test('a base made from packages says of which Release, by date and checksum, and of which packages', () => {
  const status = 'Package: libc6\nStatus: install ok installed\nVersion: 2:2.41-12\n\nPackage: dash\nVersion: 0.5\n'
  expect(parseDpkgStatus(status)).toEqual({libc6: '2:2.41-12', dash: '0.5'})
  const release = 'Suite: stable\nDate: Sat, 14 Nov 2026 10:00:00 UTC\n'
  const says = sayBootstrap('trixie', release, parseDpkgStatus(status))
  expect(says).toMatch(
    /^mmdebstrap trixie from the Release of Sat, 14 Nov 2026 10:00:00 UTC \(sha256:[0-9a-f]{64}\), 2 packages \(sha256:[0-9a-f]{64}\)$/,
  )
  expect(sayBootstrap('trixie', `${release} `, {})).not.toBe(sayBootstrap('trixie', release, {}))
  expect(sayBootstrap('trixie', null, {})).toContain('a mirror without a Release file')
})
