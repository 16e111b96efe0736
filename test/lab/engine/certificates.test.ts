import {PassThrough} from 'node:stream'
import {expect, test} from 'vitest'
import {type CertificateEngine, newCertificates, withKeys} from '../../../lab/engine/certificates.ts'
import {loadTopology} from '../../../lab/topology/topology-file.ts'
import {allocationSchema} from '../../../lab/topology/topology-schema.ts'
import {allocation} from '../../compose/a-lab.ts'

const block = (what: string) => [`-----BEGIN ${what}-----`, 'c2VjcmV0', `-----END ${what}-----`]

/** Prints what images/host/bin/certificate-authority would. */
function engine(code = 0, has = true) {
  const asked: (readonly string[])[] = []
  const heard: string[] = []
  let left = 0
  const docker = {
    hasImage: async () => has,
    async throwaway() {
      left++
      return {
        id: 'c1',
        [Symbol.asyncDispose]: async () => {
          left--
        },
      }
    },
    async exec(_id: string, [, ...argv]: readonly string[]) {
      asked.push(argv)
      const stdin = new PassThrough()
      stdin.on('data', chunk => heard.push(String(chunk)))
      const said = [...block('PRIVATE KEY'), ...block(argv[0] === 'token' ? 'PUBLIC KEY' : 'CERTIFICATE')]
      const lines = (async function* () {
        if (code === 0) yield* said
      })()
      return {
        stdin,
        lines,
        done: Promise.resolve(code),
        stderr: () => 'it broke',
        [Symbol.asyncDispose]: async () => {},
      }
    },
  }
  return {docker: docker as unknown as CertificateEngine, asked, heard, left: () => left}
}

const bare = (topology: ReturnType<typeof loadTopology>) => {
  const {authority: _, tokenKey: __, ...rest} = allocation({}, topology)
  return rest
}

test('a lab in the clear is given no keys, and no container is started for it', async () => {
  const topology = loadTopology({set: ['auth.etcd=simple', 'auth.rest=on']})
  const {docker, asked} = engine()
  expect(await withKeys(docker, topology, bare(topology))).not.toHaveProperty('authority')
  expect(asked).toEqual([])
})

test('every host but that of the clients gets a certificate for where it is reached, and the CA goes to nobody', async () => {
  const topology = loadTopology({topology: 'vip', set: ['tls.postgresql=on', 'auth.etcd=jwt']})
  const {docker, asked, heard, left} = engine()
  const given = await withKeys(docker, topology, bare(topology))
  expect(allocationSchema.parse(given)).toEqual(given)
  const hosts = topology.hosts.map(({name}) => name).filter(name => name !== 'app1')
  expect(Object.keys(given.authority!.hosts)).toEqual(hosts)
  expect(given.tokenKey?.public).toContain('PUBLIC KEY')
  const names = Object.fromEntries(asked.filter(([what]) => what === 'issue').map(([, name, of]) => [name, of]))
  const proxies = hosts.filter(name => name.startsWith('proxy'))
  expect(names.node1).toMatch(/^DNS:node1,IP:10\.213\.7\.\d+,/)
  for (const proxy of proxies) expect(names.node1).toContain(`DNS:${proxy},IP:${given.addresses[proxy]}`)
  expect(names.node1).toContain('DNS:localhost,IP:127.0.0.1,IP:10.213.7.253')
  expect(names.observer).toBe(`IP:${given.observer}`)
  expect(heard.filter(one => one.includes('PRIVATE KEY'))).toHaveLength(hosts.length + 1)
  expect(left()).toBe(0)
})

test('what went wrong is told in its own words, and who has no image is told how to get it', async () => {
  const topology = loadTopology({set: ['tls.etcd=on']})
  const {docker, left} = engine(1)
  await expect(withKeys(docker, topology, bare(topology))).rejects.toThrow('was made: it broke')
  expect(left()).toBe(0)
  await expect(withKeys(engine(0, false).docker, topology, bare(topology))).rejects.toMatchObject({code: 'image'})
})

test('a host gets another certificate by the same CA, and who has none gets none', async () => {
  const topology = loadTopology({set: ['tls.etcd=on']})
  const first = engine()
  const given = await withKeys(first.docker, topology, bare(topology))
  const {docker, asked, heard, left} = engine()
  const renewed = await newCertificates(docker, topology, given, ['node1', 'app1'])
  expect([...renewed.keys()]).toEqual(['node1'])
  expect(renewed.get('node1')).toContain('CERTIFICATE')
  expect(asked).toEqual(first.asked.filter(([what, name]) => what === 'issue' && name === 'node1'))
  expect(heard).toEqual([given.authority!.caKey + given.authority!.ca])
  expect(left()).toBe(0)
  await expect(newCertificates(docker, topology, bare(topology), ['node1'])).rejects.toThrow('no CA')
})
