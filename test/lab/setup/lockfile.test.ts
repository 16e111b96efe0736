import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {expect, test} from 'vitest'

interface Locked {
  readonly version?: string
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

/**
 * npm leaves out of the lock file what the registry in reach does not offer (a mirror may lack other platforms' binaries), and
 * `npm ci` then refuses that lock file, everywhere. `node test/complete-lock.ts` puts the entries in.
 */
test('package-lock.json has every optional dependency, so that npm ci accepts it on every platform', () => {
  const file = join(import.meta.dirname, '..', '..', '..', 'package-lock.json')
  const {packages} = JSON.parse(readFileSync(file, 'utf8')) as {packages: Record<string, Locked>}
  const missing = Object.entries(packages).flatMap(([at, one]) =>
    Object.entries(one.optionalDependencies ?? {})
      .filter(([name, version]) => /^\d/.test(version) && !isLocked(packages, at, name, version))
      .map(([name, version]) => `${name}@${version}`),
  )
  expect(missing, 'run: node test/complete-lock.ts').toEqual([])
})

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
