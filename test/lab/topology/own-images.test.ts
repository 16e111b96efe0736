/** Images of somebody's own in a lab.yaml: which host runs which, and what cannot be. */
import {expect, test} from 'vitest'
import {render} from '../../../compose/render.ts'
import {withoutPrograms} from '../../../lab/topology/patroni-build.ts'
import {parseTopology} from '../../../lab/topology/topology-file.ts'
import {topologySchema} from '../../../lab/topology/topology-schema.ts'
import {allocation, owner, read} from '../../compose/a-lab.ts'

const id = `sha256:${'a'.repeat(64)}`

test('each host that runs the service has the image by its id, the others that of the lab', () => {
  const topology = parseTopology('lab.yaml', 'images: {patroni: "my/host:1"}\n')
  const given = allocation({}, topology)
  const {services} = read(render(topology, {...given, images: {...given.images, own: {'my/host:1': id}}}, owner))
  expect(services.node1).toMatchObject({image: id, entrypoint: ['power-on'], pull_policy: 'never'})
  expect(services.proxy1).toMatchObject({image: given.images.host})
  expect(services.proxy1).not.toHaveProperty('entrypoint')
  expect(services.app1).toMatchObject({image: given.images.app})
  expect(topologySchema.parse(JSON.parse(JSON.stringify(topology)))).toEqual(topology)
  expect(withoutPrograms(topology)).not.toHaveProperty('images')
})

test('two services of one host with one image, and of two hosts with two', () => {
  expect(parseTopology('lab.yaml', 'images: {patroni: a, etcd: a, haproxy: b}\n').images).toEqual({
    ...{patroni: 'a', etcd: 'a', haproxy: 'b'},
  })
  expect(parseTopology('lab.yaml', 'profile: fast\n', {set: ['images.etcd=my/x:1']}).images).toEqual({etcd: 'my/x:1'})
})

test.each([
  [
    'images: {patroni: a, etcd: b}',
    /lab\.yaml:1:\d+: node1 is one container, and so has one image: etcd and patroni on it want two/,
  ],
  ['images: {pgbouncer: a}', /lab\.yaml:1:21: no host runs pgbouncer/],
  ['images: {client: a}', /lab\.yaml:1:10: unknown key `client`/],
  ['images: {etcd: "--privileged"}', /lab\.yaml:1:16: an image has a name/],
])('%s', (text, says) => {
  expect(() => parseTopology('lab.yaml', `${text}\n`)).toThrow(says)
})
