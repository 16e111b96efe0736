/** What a bundle has of other packages, and their licences: each asks for its text to go where its code goes. */
import {existsSync, readdirSync, readFileSync} from 'node:fs'
import {dirname, join} from 'node:path'

export interface Packaged {
  readonly name: string
  readonly version: string
  /** As package.json names it, such as `MIT`. */
  readonly licence: string
  /** Every file in which it states one. */
  readonly texts: readonly string[]
}

/**
 * @param modules as the bundler names them: paths, and what it made itself.
 * @throws Error for a package without a licence that could be passed on.
 */
export function packagesOf(modules: Iterable<string>, root: string): Packaged[] {
  const folders = new Set([...modules].flatMap(id => folderOf(id, root) ?? []))
  const found = new Map([...folders].map(folder => [folder, packagedIn(folder)]))
  return [...found.values()].toSorted((a, b) => (titleOf(a) < titleOf(b) ? -1 : 1))
}

export function licencesOf(packages: readonly Packaged[]): string {
  const parts = packages.map(
    one => `${titleOf(one)} (${one.licence})\n\n${one.texts.map(text => text.trim()).join('\n\n')}\n`,
  )
  return [`The programs of pgha-lab in this folder contain code of these packages.\n`, ...parts].join(
    `\n${'-'.repeat(80)}\n\n`,
  )
}

function titleOf({name, version}: Packaged): string {
  return `${name} ${version}`
}

/** Undefined: it is ours. */
function folderOf(id: string, root: string): string | undefined {
  // What the bundler puts in of its own begins with a NUL, as its plugins agree.
  if (id.startsWith('\0rolldown/')) return join(root, 'node_modules', 'rolldown')
  if (!id.includes('/node_modules/')) return undefined
  let folder = dirname(id)
  // A package.json inside may only say of what type the modules beside it are.
  while (manifestIn(folder)?.name === undefined) folder = dirname(folder)
  return folder
}

interface Manifest {
  readonly name?: string
  readonly version?: string
  readonly license?: string
  readonly author?: string | {readonly name: string}
}

function manifestIn(folder: string): Manifest | undefined {
  const file = join(folder, 'package.json')
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
}

function packagedIn(folder: string): Packaged {
  const {name = '', version = '', license = '', author} = manifestIn(folder) ?? {}
  const texts = readdirSync(folder)
    .filter(file => /^(licen[cs]e|copying|notice)([.-]|$)/i.test(file))
    .toSorted()
    .map(file => readFileSync(join(folder, file), 'utf8'))
  if (texts.length > 0) return {name, version, licence: license, texts}
  // Some only name it, and who they are of: its text is the same for all.
  const holder = typeof author === 'object' ? author.name : author
  if (license !== 'MIT' || holder === undefined)
    throw new Error(`${name} ${version} (${folder}) goes into the build without the text of a licence`)
  return {name, version, licence: license, texts: [`Copyright (c) ${holder}\n\n${mit}`]}
}

const mit = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
`
