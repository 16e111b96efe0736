import {chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test} from 'vitest'
import {bootstrapCommand} from '../../../lab/setup/base-image.ts'
import {buildFailure} from '../../../lab/setup/build-image.ts'
import {AptMeter, buildStep, stepOutput, whyItFailed} from '../../../lab/setup/build-output.ts'
import {imageTags, isOurs} from '../../../lab/setup/images.ts'

const bundles = ['agent.mjs', 'observer.mjs']
let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'pgha-lab-images-'))
  for (const folder of ['images/host/bin', 'images/app', 'images/record', 'dist'])
    mkdirSync(join(root, folder), {recursive: true})
  writeFileSync(join(root, 'images/host/Dockerfile'), 'FROM scratch\n')
  writeFileSync(join(root, 'images/host/bin/power-on'), '#!/bin/sh\n')
  writeFileSync(join(root, 'images/host/bin/fence'), '#!/bin/sh\n')
  writeFileSync(join(root, 'images/app/Dockerfile'), 'FROM scratch\n')
  for (const bundle of bundles) writeFileSync(join(root, 'dist', bundle), 'export {}\n')
})
afterEach(() => rmSync(root, {recursive: true}))

test('tags are 12 hex digits, and the same in another place', () => {
  const tags = imageTags('trixie', root)
  expect(tags.host).toMatch(/^pgha-lab\/host:trixie-[0-9a-f]{12}$/)
  expect(tags.app).toMatch(/^pgha-lab\/app:[0-9a-f]{12}$/)
  const other = mkdtempSync(join(tmpdir(), 'pgha-lab-images-'))
  cpSync(root, other, {recursive: true})
  expect(imageTags('trixie', other)).toEqual(tags)
  rmSync(other, {recursive: true})
})

test('a changed, renamed or newly executable file of the host image changes its tag and no other', () => {
  const before = imageTags('trixie', root)
  const file = join(root, 'images/host/bin/power-on')
  const seen = new Set([before.host])
  const mustBeNew = () => {
    const after = imageTags('trixie', root)
    expect(seen).not.toContain(after.host)
    expect(after.app).toBe(before.app)
    seen.add(after.host)
  }
  writeFileSync(file, '#!/bin/sh\necho on\n')
  mustBeNew()
  chmodSync(file, 0o755)
  mustBeNew()
  writeFileSync(join(root, 'images/host/bin/power-off'), '#!/bin/sh\n')
  mustBeNew()
})

test('a changed fence changes the tags of both, as all hosts have it', () => {
  const before = imageTags('trixie', root)
  writeFileSync(join(root, 'images/host/bin/fence'), '#!/bin/sh\nnft list tables\n')
  const after = imageTags('trixie', root)
  expect(after.host).not.toBe(before.host)
  expect(after.app).not.toBe(before.app)
})

test.each(bundles)('a changed %s changes the tag of the clients image', bundle => {
  const before = imageTags('trixie', root)
  writeFileSync(join(root, 'dist', bundle), 'export const changed = 1\n')
  const after = imageTags('trixie', root)
  expect(after.app).not.toBe(before.app)
  expect(after.host).toBe(before.host)
})

test.each(bundles)('without a built %s there is no tag but a sentence', bundle => {
  rmSync(join(root, 'dist', bundle))
  expect(() => imageTags('trixie', root)).toThrow(
    expect.objectContaining({code: 'setup-failed', hint: 'npm run build'}),
  )
})

test('steps are understood from BuildKit and from the classic builder', () => {
  expect(buildStep('#6 [2/5] RUN mkdir -p /x  && apt-get update  && apt-get install -y a b')).toEqual({
    number: 2,
    of: 5,
    says: 'RUN apt-get install ...',
  })
  expect(buildStep('#6 [stage-0  3/12] COPY bin/ /usr/local/bin/')).toEqual({
    number: 3,
    of: 12,
    says: 'COPY bin/ /usr/local/bin/',
  })
  expect(buildStep('Step 3/7 : ENV LANG=C.UTF-8')).toEqual({number: 3, of: 7, says: 'ENV LANG=C.UTF-8'})
  expect(buildStep('#6 [internal] load build context')).toBeNull()
  expect(stepOutput('#6 12.34 Setting up patroni (4.0.7) ...')).toBe('Setting up patroni (4.0.7) ...')
  expect(stepOutput('\u001b[91mE: no such package')).toBe('E: no such package')
})

test('the meter goes from 0 to 1 while apt unpacks and sets up', () => {
  const meter = new AptMeter()
  expect(meter.read('Setting up something else')).toBe(0)
  meter.read('0 upgraded, 2 newly installed, 0 to remove and 0 not upgraded.')
  const told = ['Unpacking a (1) ...', 'Unpacking b (1) ...', 'Setting up a (1) ...', 'Setting up b (1) ...']
  expect(told.map(line => meter.read(line))).toEqual([0.25, 0.5, 0.75, 1])
})

const buildkit = [
  '#5 [2/3] RUN echo one',
  '#5 0.100 one',
  '#5 DONE 0.1s',
  '#6 [3/3] RUN apt-get install -y nothing-like-it',
  '#6 0.512 Reading package lists...',
  '#6 0.600 E: Unable to locate package nothing-like-it',
  '#6 ERROR: process "/bin/sh -c apt-get" did not complete successfully: exit code: 100',
  '------',
  ' > [3/3] RUN apt-get install -y nothing-like-it:',
  '0.600 E: Unable to locate package nothing-like-it',
  '------',
  'Dockerfile:4',
]

test('why a build failed is what the failing step printed, without the frame around it', () => {
  expect(whyItFailed(buildkit)).toEqual(['Reading package lists...', 'E: Unable to locate package nothing-like-it'])
})

test('a failed build names its step, a full disk and an unreachable mirror are told apart', () => {
  const ran = {code: 1, absent: false, timedOut: false, lines: buildkit}
  const at = {number: 3, of: 3, says: 'RUN apt-get install ...'}
  const failed = buildFailure('hosts', ['docker', 'build', '.'], at, ran)
  expect(failed.code).toBe('image')
  expect(failed.message).toContain('building the image of the hosts failed at step 3/3 (RUN apt-get install ...)')
  expect(failed.message).toContain('E: Unable to locate package')
  expect(failed.hint).toBe('to see all of it:\ndocker build .')
  const full = buildFailure('hosts', [], at, {...ran, lines: ['#6 1.0 write: no space left on device']})
  expect(full.code).toBe('disk-full')
  const cutOff = buildFailure('hosts', [], at, {
    ...ran,
    lines: [buildkit[3]!, "#6 1.0 Err:1 Could not resolve 'mirror.example'"],
  })
  expect(cutOff.hint).toContain('containers do not reach the package mirror')
})

test('mmdebstrap gets the bare mirror, so that it finds the key itself, the settings it takes to reach it, and what `-slim` leaves out', () => {
  const mirror = {uris: ['https://mirror.example/debian'], suites: ['bookworm'], components: ['main'], options: {}}
  expect(bootstrapCommand('trixie', '/tmp/base.tar', mirror, ['Acquire::Check-Valid-Until "false";'])).toEqual([
    'mmdebstrap',
    '--variant=minbase',
    '--format=tar',
    '--aptopt=Acquire::Check-Valid-Until "false";',
    ...['doc', 'info', 'locale', 'man'].map(path => `--dpkgopt=path-exclude=/usr/share/${path}/*`),
    '--include=ca-certificates',
    'trixie',
    '/tmp/base.tar',
    'https://mirror.example/debian',
  ])
  const trusted = bootstrapCommand(
    'forky',
    '/tmp/base.tar',
    {...mirror, uris: ['http://m.example/d'], options: {Trusted: 'yes'}},
    [],
  )
  expect(trusted.at(-1)).toBe('deb [trusted=yes] http://m.example/d forky main')
})

test('what somebody built from an image of ours is theirs, whatever its name begins with and its labels say', () => {
  const tags = {host: 'pgha-lab/host:trixie-0123456789ab', app: 'pgha-lab/app:0123456789ab'}
  const id = `sha256:aaaabbbbcccc${'0'.repeat(52)}`
  for (const ours of [
    `${tags.host}-aaaabbbbcccc`,
    `${tags.app}-aaaabbbbcccc`,
    `${tags.host}-ddddeeeeffff-0123456789ab`,
  ])
    expect(isOurs(ours, id, tags)).toBe(true)
  for (const theirs of [
    `${tags.host}-with-postgis`,
    `${tags.host}-ddddeeeeffff`,
    `${tags.app}-2`,
    'my/postgres-host:1',
    tags.host,
  ])
    expect(isOurs(theirs, id, tags)).toBe(false)
})
