/** An image of somebody's own: two lines over the lab's, run by the hosts with PostgreSQL, recorded, and left where it is. */
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {execa} from 'execa'
import {afterAll, beforeAll, expect, test} from 'vitest'
import type {Report} from '../../../lab/judge/report.ts'
import {expectExit} from '../cli.ts'

const lab = ['--name', 'own-images']
const image = 'own-images-test/postgres-host:1'
const folder = mkdtempSync(join(tmpdir(), 'own-images-'))
const file = join(folder, 'lab.yaml')
const docker = async (...argv: readonly string[]) => (await execa('docker', argv)).stdout.trim()
const idOf = () => docker('image', 'inspect', '--format', '{{.Id}}', image)
const build = async (line: string) => {
  const {out} = await expectExit(0, ['image'])
  writeFileSync(join(folder, 'Dockerfile'), `${out.trim()}\n${line}\n`)
  await docker('build', '-q', '-t', image, folder)
}

beforeAll(async () => {
  writeFileSync(file, `profile: fast\nimages: {patroni: "${image}"}\n`)
  await expectExit(0, ['down', ...lab])
})
afterAll(async () => {
  await expectExit(0, ['down', ...lab])
  await execa('docker', ['image', 'rm', image], {reject: false})
  rmSync(folder, {recursive: true})
})

test('one that is not here, or is no host, raises nothing', async () => {
  await execa('docker', ['image', 'rm', image], {reject: false})
  const absent = await expectExit(2, ['up', ...lab, '--topology', file])
  expect(absent.err).toMatch(/is not on this engine[\s\S]*docker pull own-images-test\/postgres-host:1/)
  await build('RUN rm /usr/local/bin/power-off')
  const {err} = await expectExit(2, ['up', ...lab, '--topology', file])
  expect(err).toMatch(/has no \/usr\/local\/bin\/power-off: it is not built from the image of the hosts/)
})

test('the hosts with PostgreSQL run it, a run records it, and it is there after the lab is gone', async () => {
  await build('RUN echo theirs > /theirs')
  const id = await idOf()
  await expectExit(0, ['up', ...lab, '--topology', file])
  const {out: told} = await expectExit(0, ['shell', ...lab, 'node1', '--', 'cat', '/theirs'])
  expect(told.trim()).toBe('theirs')
  expect(await docker('inspect', '--format', '{{.Image}}', 'pgha-lab-own-images-node1')).toBe(id)
  expect(await docker('inspect', '--format', '{{.Image}}', 'pgha-lab-own-images-proxy1')).not.toBe(id)
  // Its name goes to another one; the lab keeps what it has.
  await build('RUN echo others > /theirs')
  await expectExit(0, ['up', ...lab, '--topology', file])
  const report = JSON.parse((await expectExit(0, ['chaos', 'kill-leader', ...lab, '--json'])).out) as Report
  expect(report.verdict).toBe('pass')
  expect(report.versions).toMatchObject({'image of patroni': `${image} (${id.slice(7, 19)})`})
  expect(report.versions).not.toHaveProperty('packages')
  await expectExit(0, ['down', ...lab])
  expect(await docker('image', 'inspect', '--format', '{{.Id}}', id)).toBe(id)
})
