import {spawn} from 'node:child_process'
import {createHash} from 'node:crypto'
import {copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {fakeRegistry} from '../../fake-registry.ts'

interface Locked {
  readonly version?: string
  readonly integrity?: string
  readonly resolved?: string
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const project = join(import.meta.dirname, '..', '..', '..')
const {packages} = JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, Locked>
}

/**
 * npm leaves out of the lock file what the registry in reach does not offer (a mirror may lack other platforms' binaries), and
 * `npm ci` then refuses that lock file, everywhere. `node test/complete-lock.ts` puts the entries in.
 */
test('package-lock.json has every optional dependency, so that npm ci accepts it on every platform', () => {
  const missing = Object.entries(packages).flatMap(([at, one]) =>
    Object.entries(one.optionalDependencies ?? {})
      .filter(([name, version]) => /^\d/.test(version) && !isLocked(packages, at, name, version))
      .map(([name, version]) => `${name}@${version}`),
  )
  expect(missing, 'run: node test/complete-lock.ts').toEqual([])
})

test('every package in package-lock.json has its checksum, SHA-512, and none names the host it came from', () => {
  const entries = Object.entries(packages).filter(([at]) => at !== '')
  expect(entries.length).toBeGreaterThan(300)
  const without = entries.filter(([, one]) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(one.integrity ?? ''))
  expect(
    without.map(([at, one]) => `${at}@${one.version}`),
    'run: node test/complete-lock.ts',
  ).toEqual([])
  expect(entries.filter(([, one]) => one.resolved !== undefined)).toEqual([])
})

test('npm ci of a clone runs no install script, and refuses a package whose content is not the one that was locked', async () => {
  await using registry = await fakeRegistry('left', '1.0.0', 'export default 1')
  const clone = mkdtempSync(join(tmpdir(), 'pgha-lab-lock-'))
  try {
    copyFileSync(join(project, '.npmrc'), join(clone, '.npmrc'))
    writeFileSync(join(clone, 'package.json'), JSON.stringify({name: 'clone', dependencies: {left: '1.0.0'}}))
    const install = (integrity: string) => {
      const entry = {version: '1.0.0', integrity, hasInstallScript: true}
      const lock = {lockfileVersion: 3, packages: {'': {dependencies: {left: '1.0.0'}}, 'node_modules/left': entry}}
      writeFileSync(join(clone, 'package-lock.json'), JSON.stringify(lock))
      return npmCi(clone, registry.url)
    }
    expect(await install(registry.integrity)).toMatchObject({code: 0})
    expect(existsSync(join(clone, 'script-ran')), '.npmrc forbids install scripts').toBe(false)
    const other = `sha512-${createHash('sha512').update('another package').digest('base64')}`
    const refused = await install(other)
    expect(refused.code).not.toBe(0)
    expect(refused.said).toContain('EINTEGRITY')
  } finally {
    rmSync(clone, {recursive: true})
  }
})

/** Real npm, with a cache of its own: one that is shared could answer for the registry. */
async function npmCi(clone: string, registry: string): Promise<{code: number | null; said: string}> {
  const cache = join(clone, 'cache')
  rmSync(cache, {recursive: true, force: true})
  const child = spawn('npm', ['ci', '--registry', registry, '--cache', cache, '--fetch-retries', '0'], {
    cwd: clone,
    // `npm run --silent`, which may have started this test, silences every npm below it.
    env: {...process.env, npm_config_loglevel: 'error'},
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', chunk => {
      said += chunk
    })
  const code = await new Promise<number | null>(resolve => child.on('close', resolve))
  return {code, said}
}

/** Inside the package that wants it, or beside it or any package around it, as Node looks for modules. */
function isLocked(packages: Record<string, Locked>, at: string, name: string, version: string): boolean {
  if (packages[`${at}/node_modules/${name}`]?.version === version) return true
  let folder = at
  while (folder.includes('node_modules/')) {
    folder = folder.slice(0, folder.lastIndexOf('node_modules/'))
    if (packages[`${folder}node_modules/${name}`]?.version === version) return true
    folder = folder.replace(/\/$/, '')
  }
  return false
}
