/** `up --refresh` really builds the images anew, which takes minutes; the lab is a small one. */
import {execa} from 'execa'
import {afterAll, expect, test} from 'vitest'
import {Docker} from '../../../lab/engine/docker.ts'
import {imageTags} from '../../../lab/setup/images.ts'
import {expectExit} from '../cli.ts'

const name = 'live-refresh'
const lab = ['--name', name]

afterAll(() => expectExit(0, ['down', ...lab]))

test('a refresh says what is new; a lab keeps its image, also when a host of it is started again, until it is raised anew', async () => {
  const docker = new Docker()
  await expectExit(0, ['up', ...lab, '--profile', 'fast'])
  const imageOf = async (host: string) => (await docker.image((await docker.container(name, host)).image))?.id
  const before = await imageOf('node1')
  const untagged = await dangling()
  const {err} = await expectExit(0, ['up', ...lab, '--refresh'])
  expect(await dangling(), 'images of ours without a tag, which would fill the disk').toEqual(untagged)
  expect(err).toMatch(/see what is new in the image of the hosts .*: (nothing: the packages are the same|base |.* -> )/)
  expect(err).toContain(
    `to raise it anew with the new ones: pgha-lab down --name ${name}, then pgha-lab up --name ${name}`,
  )

  const newest = await docker.image(imageTags().host)
  expect(newest?.id).not.toBe(before)
  // As a person sees it.
  const {stdout} = await execa('docker', ['inspect', '--format', '{{json .Config.Labels}}', imageTags().host])
  const labels = JSON.parse(stdout) as Record<string, string>
  expect(labels['pgha-lab.packages']).toMatch(/(^| )patroni=\S+ .*postgresql-17=\S+/)
  expect(labels['pgha-lab.base']).toMatch(/^(debian@sha256:[0-9a-f]{64}$|mmdebstrap trixie from |sha256:)/)

  await docker.kill((await docker.container(name, 'node2')).id)
  await expectExit(0, ['up', ...lab])
  expect(await imageOf('node2')).toBe(before)
  await expectExit(0, ['down', ...lab])
  await expectExit(0, ['up', ...lab, '--profile', 'fast'])
  expect(await imageOf('node2')).toBe(newest?.id)
}, 900_000)

async function dangling(): Promise<string[]> {
  const ofLabel = (label: string) => ['images', '--quiet', '--filter', 'dangling=true', '--filter', `label=${label}`]
  const found = await Promise.all(['pgha-lab.image', 'pgha-lab.base'].map(label => execa('docker', ofLabel(label))))
  return found.flatMap(({stdout}) => stdout.split('\n')).sort()
}
