/**
 * `node test/complete-lock.ts`: adds to package-lock.json the optional platform packages that the registry in reach does not
 * offer. npm leaves those out when it writes the file, and `npm ci` then refuses it. Their versions are pinned by the package
 * that wants them, and their names tell os, cpu and libc. Then every entry gets the checksum that the registry names for it;
 * one that it has no checksum for fails: take another version of what wants it. Run it after every `npm install` that
 * changes dependencies.
 */
import {execFileSync} from 'node:child_process'
import {readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'

interface Locked {
  readonly version?: string
  /** `sha512-<base64>` of the tarball; npm refuses another one. */
  readonly integrity?: string
  readonly dev?: boolean
  readonly license?: string
  readonly engines?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  [field: string]: unknown
}

const file = join(import.meta.dirname, '..', 'package-lock.json')
const lock = JSON.parse(readFileSync(file, 'utf8')) as {packages: Record<string, Locked>}
const {'': root, ...packages} = lock.packages

for (const [at, one] of Object.entries(packages))
  for (const [name, version] of Object.entries(one.optionalDependencies ?? {})) {
    const beside = at.slice(0, at.lastIndexOf('node_modules/'))
    const places = [`${at}/node_modules/${name}`, `${beside}node_modules/${name}`, `node_modules/${name}`]
    // Not pinned (fsevents, say): npm may take it or leave it.
    if (!/^\d/.test(version) || places.some(place => packages[place]?.version === version)) continue
    packages[`${beside}node_modules/${name}`] = entry(one, name, version)
    console.log(`added ${name}@${version}`)
  }

const unknown: string[] = []
for (const [at, one] of Object.entries(packages)) {
  if (one.integrity !== undefined) continue
  const name = `${at.slice(at.lastIndexOf('node_modules/') + 'node_modules/'.length)}@${one.version}`
  const integrity = checksum(name)
  if (integrity === undefined) unknown.push(name)
  else {
    const {version, ...rest} = one
    packages[at] = {...(version === undefined ? {} : {version}), integrity, ...rest}
    console.log(`checksum of ${name}`)
  }
}

const sorted = Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, 'en'))
lock.packages = Object.fromEntries([['', root!], ...sorted])
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)

if (unknown.length > 0) {
  console.error(`the registry in reach has no SHA-512 of ${unknown.join(', ')}`)
  process.exitCode = 1
}

/** What the registry in reach says of a `name@version`; undefined where it does not know that version. */
function checksum(name: string): string | undefined {
  try {
    const said = execFileSync('npm', ['view', name, 'dist.integrity'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    return /^sha512-\S+$/m.exec(said)?.[0]
  } catch {
    return undefined
  }
}

/** e.g. `@biomejs/cli-linux-arm64-musl`; a name without a cpu (wasm32-wasi) gets what can be told. */
function entry(wanting: Locked, name: string, version: string): Locked {
  const [, os, cpu, libc] =
    /(android|darwin|freebsd|linux|openharmony|win32|aix|sunos|netbsd|openbsd)-([a-z0-9]+)(?:-(\w+))?$/.exec(name) ?? []
  return {
    version,
    ...(name.includes('wasm32') ? {cpu: ['wasm32']} : cpu ? {cpu: [cpu]} : {}),
    ...(wanting.dev ? {dev: true} : {}),
    ...(os === 'linux' && libc === 'musl'
      ? {libc: ['musl']}
      : os === 'linux' && libc?.startsWith('gnu')
        ? {libc: ['glibc']}
        : {}),
    ...(wanting.license ? {license: wanting.license} : {}),
    optional: true,
    ...(os ? {os: [os]} : {}),
    ...(wanting.engines ? {engines: wanting.engines} : {}),
  }
}
