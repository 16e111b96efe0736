import {describe, expect, test} from 'vitest'
import {raisingOf, raisingWords} from '../../../lab/topology/as-set.ts'
import {loadTopology} from '../../../lab/topology/topology-file.ts'
import {fileWith} from '../file-with.ts'

/** What `up` reads from such words. */
function read(words: readonly string[]) {
  const of = (option: string) => words.flatMap((word, at) => (words[at - 1] === option ? [word] : []))
  return loadTopology({
    ...{topology: of('--topology')[0], profile: of('--profile')[0], release: of('--release')[0], set: of('--set')},
  })
}

const own = 'profile: fast\nhosts: {a1: [etcd, patroni], p1: [haproxy], app1: [client]}\npatroni: {ttl: 40s}\n'

describe('what raises a lab again', () => {
  test.each([
    [{}, []],
    [{profile: 'fast'}, ['--profile', 'fast']],
    [{set: ['patroni.ttl=40s']}, ['--set', 'patroni.ttl=40s']],
    [{release: 'bookworm'}, ['--release', 'bookworm']],
    [{set: ['release=forky']}, ['--release', 'forky']],
    [
      {profile: 'fast', set: ['haproxy.inter=2s', 'hosts.node4=patroni', 'postgresql.data_size=512MB']},
      expect.arrayContaining(['--profile', 'fast', '--set', 'hosts.node4=patroni', '--set', 'haproxy.inter=2s']),
    ],
  ])('%j is what it was raised with', (wanted, words) => {
    const topology = loadTopology(wanted)
    const raising = raisingOf(topology, undefined)
    expect(raisingWords(raising!)).toEqual(words)
    expect(read(raisingWords(raising!))).toEqual(topology)
  })

  test('of a file is that file, with what was typed beside it', () => {
    using file = fileWith(own)
    const from = (wanted: object) => loadTopology({topology: file.path, ...wanted})
    expect(raisingWords(raisingOf(from({}), file.path)!)).toEqual(['--topology', file.path])
    for (const wanted of [{profile: 'default'}, {set: ['patroni.ttl=45s', 'hosts.a2=patroni']}]) {
      const topology = from(wanted)
      const words = raisingWords(raisingOf(topology, file.path)!)
      expect(words.slice(0, 2)).toEqual(['--topology', file.path])
      expect(read(words)).toEqual(topology)
    }
  })

  test('of a file that was changed since is the lab as it was', () => {
    using file = fileWith(own)
    const topology = loadTopology({topology: file.path, set: ['patroni.loop_wait=5s']})
    file.write('patroni: {ttl: 90s}\nhosts: {a1: [etcd, patroni], p1: [haproxy], app1: [client]}\n')
    expect(read(raisingWords(raisingOf(topology, file.path)!))).toEqual(topology)
  })

  test('of a file that is gone is said by settings where they can say it, and else by its name', () => {
    const preset = loadTopology({profile: 'fast', set: ['patroni.ttl=45s']})
    expect(raisingWords(raisingOf(preset, '/gone/lab.yaml')!)).toEqual([
      '--profile',
      'fast',
      '--set',
      'patroni.ttl=45s',
    ])
    using file = fileWith(own)
    const topology = loadTopology({topology: file.path})
    expect(raisingWords(raisingOf(topology, '/gone/lab.yaml')!).slice(0, 2)).toEqual(['--topology', '/gone/lab.yaml'])
  })

  test('is not made up where only a file says it, and nobody knows which', () => {
    using file = fileWith(own)
    expect(raisingOf(loadTopology({topology: file.path}), undefined)).toBeUndefined()
    // The file has another host now, which no setting takes away.
    const topology = loadTopology({topology: file.path})
    file.write('hosts: {b1: [etcd, patroni], p1: [haproxy], app1: [client]}\n')
    expect(raisingOf(topology, file.path)).toBeUndefined()
  })
})
