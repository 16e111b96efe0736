/** A Patroni of somebody's own: a checkout or a wheel, which the hosts run in the place of the release's. */
import {createHash} from 'node:crypto'
import {existsSync, readdirSync, readFileSync, statSync} from 'node:fs'
import {homedir} from 'node:os'
import {basename, isAbsolute, join, resolve} from 'node:path'
import {z} from 'zod'
import {oldestPatroni} from './patroni-facts.ts'
import type {Topology} from './topology.ts'

const versionWords = /^\d+\.\d+[\w.+!-]{0,40}$/

/** As a file of ours has it. */
export const patroniBuildSchema = z.strictObject({
  /** As it says itself, `4.1.0`. */
  version: z.string().regex(versionWords),
  /** SHA-256 of the wheel, or of the package's files with their names; 64 hex digits. */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  /** Of the checkout that it was when the lab was raised; `changed`: it has changes beside. */
  commit: z.strictObject({id: z.string().regex(/^[0-9a-f]{40,64}$/), changed: z.boolean()}).exactOptional(),
  /** Where it lies on the machine that raises the lab; a history has none. */
  path: z.string().max(4096).exactOptional(),
})
export type PatroniBuild = z.output<typeof patroniBuildSchema>

/** Patroni 4.1 has 70 files of 1 MB together. */
const most = {files: 5000, bytes: 64 * 2 ** 20}

/**
 * @param path of a folder that has Patroni's source (the folder `patroni` in it), of a wheel (`patroni-4.1.0-py3-none-any.whl`), or a
 * published version that was got already.
 * @returns what is wrong with it in words when it is none.
 */
export function readPatroniBuild(path: string, folder: string): PatroniBuild | {readonly says: string} {
  const at = (isPublished(path) ? keptWheel(path) : undefined) ?? resolve(folder, path)
  try {
    const read = statSync(at).isDirectory() ? ofCheckout(at) : ofWheel(at)
    if ('says' in read) return {says: `${path}: ${read.says}`}
    if (!isOlder(read.version)) return read
    return {says: `${path}: Patroni ${read.version} is older than ${oldestPatroni}, the oldest that a lab can run`}
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    return {says: `${path}: ${code === 'ENOENT' ? noSuch(path) : `this cannot be read (${code})`}`}
  }
}

function noSuch(path: string): string {
  return isPublished(path)
    ? 'this version was not got yet, which `up --patroni` does'
    : 'there is no such checkout or wheel'
}

/** `4.0.4`: a version, and no path. */
export function isPublished(written: string): boolean {
  return versionWords.test(written) && !written.endsWith('.whl')
}

/** Where published versions are kept when they were got. */
export function keptWheels(): string {
  const {XDG_CACHE_HOME = ''} = process.env
  return join(isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : join(homedir(), '.cache'), 'pgha-lab', 'patroni')
}

/** Its path; undefined: it was not got yet. */
export function keptWheel(version: string): string | undefined {
  const folder = keptWheels()
  const names = existsSync(folder) ? readdirSync(folder) : []
  const name = names.find(one => one.startsWith(`patroni-${version}-`) && one.endsWith('.whl'))
  return name === undefined ? undefined : join(folder, name)
}

function isOlder(version: string): boolean {
  return Number.parseFloat(version) < Number.parseFloat(oldestPatroni)
}

function ofWheel(path: string): PatroniBuild | {readonly says: string} {
  // PEP 427: name, version, and what it runs on.
  const [, version] = /^patroni-([^-]+)(?:-\d[^-]*)?-[^-]+-[^-]+-[^-]+\.whl$/.exec(basename(path)) ?? []
  const about = statSync(path)
  if (version === undefined || !versionWords.test(version) || !about.isFile())
    return {says: 'a Patroni is a folder with its source, or a wheel such as patroni-4.1.0-py3-none-any.whl'}
  if (about.size > most.bytes) return {says: `this is larger than any Patroni (${most.bytes / 2 ** 20} MB)`}
  const content = readFileSync(path)
  if (content.subarray(0, 4).toString('latin1') !== 'PK\x03\x04')
    return {says: 'this is no wheel: a wheel is a zip file'}
  return {version, digest: createHash('sha256').update(content).digest('hex'), path}
}

function ofCheckout(path: string): PatroniBuild | {readonly says: string} {
  const source = join(path, 'patroni')
  if (!existsSync(source)) return {says: 'this is no checkout of Patroni: there is no folder `patroni` in it'}
  const files = packageFiles(source)
  if (files === undefined)
    return {says: `this has more files than any Patroni (${most.files}, ${most.bytes / 2 ** 20} MB)`}
  const said = files.includes('version.py') ? readFileSync(join(source, 'version.py'), 'utf8') : ''
  const [, version] = /^__version__\s*=\s*['"]([^'"]+)['"]/m.exec(said) ?? []
  if (version === undefined || !versionWords.test(version))
    return {says: 'this is no checkout of Patroni: patroni/version.py does not say a version'}
  const hash = createHash('sha256')
  for (const file of files) {
    const content = readFileSync(join(source, file))
    hash.update(`${file}\0${content.length}\0`).update(content)
  }
  return {version, digest: hash.digest('hex'), path}
}

/** Names from the folder `patroni`, sorted; what Python made of them is left out. @returns undefined where they are too many. */
export function packageFiles(source: string): readonly string[] | undefined {
  const found: string[] = []
  let bytes = 0
  for (const entry of readdirSync(source, {recursive: true, withFileTypes: true})) {
    const name = join(entry.parentPath, entry.name).slice(source.length + 1)
    if (!entry.isFile() || name.split('/').includes('__pycache__') || name.endsWith('.pyc')) continue
    bytes += statSync(join(source, name)).size
    found.push(name)
    if (found.length > most.files || bytes > most.bytes) return undefined
  }
  return found.sort()
}

/** `1f2e3d4c5b6a of commit 9c1d0a2f77e1, with changes` */
export function sayBuild({digest, commit}: Pick<PatroniBuild, 'digest' | 'commit'>): string {
  const from =
    commit === undefined ? '' : ` of commit ${commit.id.slice(0, 12)}${commit.changed ? ', with changes' : ''}`
  return `${digest.slice(0, 12)}${from}`
}

/** As a history has a topology, which is given away: without the text of anybody's programs, and without places on this machine. */
export function withoutPrograms({
  callbacks: _,
  postBootstrap: ___,
  patroniBuild,
  haproxyFile,
  images: ____,
  ...topology
}: Topology): Topology {
  const {path: __, ...build} = patroniBuild ?? {}
  return {
    ...topology,
    ...(patroniBuild === undefined ? {} : {patroniBuild: build as PatroniBuild}),
    ...(haproxyFile === undefined ? {} : {haproxyFile: {digest: haproxyFile.digest}}),
  }
}
