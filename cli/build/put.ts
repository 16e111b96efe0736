/**
 * A build comes to its place whole. A command that runs meanwhile goes on with the one that it began with, of which it has yet to import
 * parts: each build has a folder of its own, named by its content, and `main.js` beside them leads to the newest.
 */
import {createHash} from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import {dirname, join} from 'node:path'

export interface Built {
  readonly name: string
  readonly code: string
}

/** Storms last ten hours. */
const keptForMs = 24 * 3600 * 1000

/** @param files of the build, side by side; `main.js` is where it begins. */
export function putBuild(folder: string, files: readonly Built[]): void {
  const name = nameOf(files)
  const making = join(folder, `.making-${process.pid}`)
  mkdirSync(making, {recursive: true})
  for (const file of files) writeFileSync(join(making, file.name), file.code)
  try {
    renameSync(making, join(folder, name))
  } catch (error) {
    // The same content is there already.
    if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    rmSync(making, {recursive: true})
  }
  const before = newestIn(folder)
  putFile(join(folder, 'main.js'), `import ${JSON.stringify(`./${name}/main.js`)}\n`)
  // npm packs the newest alone.
  putFile(join(folder, '.npmignore'), `/*\n!/main.js\n!/${name}\n`)
  retire(folder, name, before)
}

/** What was the newest until now is dated so: whoever runs it began before. */
function retire(folder: string, newest: string, before: string | undefined): void {
  const now = Date.now()
  for (const one of readdirSync(folder).filter(one => ![newest, 'main.js', '.npmignore'].includes(one))) {
    const path = join(folder, one)
    if (one === before) utimesSync(path, now / 1000, now / 1000)
    else if (now - statSync(path).mtimeMs > keptForMs) rmSync(path, {recursive: true})
  }
}

function newestIn(folder: string): string | undefined {
  const main = join(folder, 'main.js')
  return existsSync(main) ? /^import "\.\/(\w+)\/main\.js"$/m.exec(readFileSync(main, 'utf8'))?.[1] : undefined
}

/** In one step: nobody reads half of it. */
export function putFile(path: string, content: string): void {
  mkdirSync(dirname(path), {recursive: true})
  const making = `${path}.${process.pid}`
  writeFileSync(making, content)
  renameSync(making, path)
}

function nameOf(files: readonly Built[]): string {
  const hash = createHash('sha256')
  for (const {name, code} of files.toSorted((a, b) => (a.name < b.name ? -1 : 1))) hash.update(`${name}\0${code}\0`)
  return hash.digest('hex').slice(0, 16)
}
