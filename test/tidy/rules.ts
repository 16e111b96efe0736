/** The tidy rules: each answers with what breaks it, a line each. */
import {globSync, readFileSync, statSync} from 'node:fs'
import {join} from 'node:path'
import {nameless, type Source} from './sources.ts'

const longestFile = 400
const longestFunction = 60

/** A file or function may be longer when its first comment says why it is one thing: "Long because …". */
const reason = /\blong because [a-z]/i

type Sources = ReadonlyMap<string, Source>

const isOurs = (path: string) => /^(lab|compose|cli)\//.test(path)

/** All files that people write, those of images too, which are no TypeScript. */
function written(root: string): {readonly path: string; readonly text: string}[] {
  return globSync(['{lab,compose,cli,images}/**/*', 'test/**/*.{ts,tsx}'], {cwd: root})
    .filter(path => statSync(join(root, path)).isFile())
    .map(path => ({path, text: readFileSync(join(root, path), 'utf8')}))
}

export function longFiles(root: string): string[] {
  return written(root)
    .map(({path, text}) => ({path, text, lines: text.trimEnd().split('\n').length}))
    .filter(({text, lines}) => lines > longestFile && !reason.test(firstComment(text)))
    .map(({path, lines}) => `${path}: ${lines} lines`)
}

export function longFunctions(root: string, sources: Sources): string[] {
  const inTypeScript = [...sources.values()]
    .flatMap(({path, functions}) => functions.map(one => ({path, ...one})))
    // What groups tests has no name, and is as long as there are tests in it.
    .filter(({path, name}) => isOurs(path) || (path.startsWith('test/') && name !== nameless))
  const inScripts = written(root)
    .filter(({path}) => path.startsWith('images/'))
    .flatMap(({path, text}) => scriptFunctions(text).map(one => ({path, ...one})))
  return [...inTypeScript, ...inScripts]
    .filter(({lines, comment}) => lines > longestFunction && !reason.test(comment))
    .map(({path, name, lines}) => `${path}: ${name} has ${lines} lines`)
}

/** Sources that nothing leads to from where programs and the library begin. */
export function deadFiles(root: string, sources: Sources): string[] {
  const {exports, scripts} = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const bundled = [...String(scripts.build).matchAll(/\S+\.ts\b/g)].map(([entry]) => entry)
  const doors = Object.values(exports as Record<string, {default: string}>).map(({default: built}) =>
    built.replace(/^\.\/dist\/(.*)\.js$/, '$1.ts'),
  )
  const found = new Set([...doors, 'cli/main.ts', ...bundled])
  for (const path of found) for (const {from} of sources.get(path)?.taken ?? []) found.add(from)
  return [...sources.keys()].filter(path => isOurs(path) && !found.has(path))
}

/** Names that a file exports and no other file takes; those of the library's door are everybody's. */
export function unusedExports(sources: Sources, door = 'lab/index.ts'): string[] {
  const used = new Set(
    [...sources.values()].flatMap(one => one.taken.flatMap(({from, names}) => names.map(name => `${from} ${name}`))),
  )
  return [...sources.values()]
    .filter(({path}) => isOurs(path) && path !== door && !used.has(`${path} *`))
    .flatMap(({path, exports, spokenOf}) =>
      exports.filter(name => !used.has(`${path} ${name}`) && !spokenOf.has(name)).map(name => `${path}: ${name}`),
    )
}

/** Paths in backticks that lead to nothing, with or without the end of their name, from the root or from lab/. */
export function stalePaths(root: string): string[] {
  const rooms = globSync('lab/*/', {cwd: root}).map(path => path.split('/')[1])
  const path = new RegExp(`^(lab|compose|cli|images|test|docs|scenarios|${rooms.join('|')})(/[\\w.*{},-]+)+/?$`)
  return globSync('{docs/**/*.md,README.md,CONTRIBUTING.md}', {cwd: root}).flatMap(page => {
    const text = readFileSync(join(root, page), 'utf8').replaceAll(/^```[\s\S]*?^```/gm, '')
    const named = [...text.matchAll(/`([^`\n]+)`/g)].map(([, said = '']) => said).filter(said => path.test(said))
    return named.filter(said => !isThere(root, said)).map(said => `${page}: ${said}`)
  })
}

function isThere(root: string, said: string): boolean {
  const bare = said.replace(/\/$/, '')
  return [bare, `lab/${bare}`].some(one => globSync([one, `${one}.{ts,tsx}`], {cwd: root}).length > 0)
}

export function leftToDo(root: string): string[] {
  return globSync('{lab,compose,cli,images,docs,scenarios,test}/**/*.{ts,tsx,md,sh,py,yaml,yml,Dockerfile}', {
    cwd: root,
  })
    .filter(path => !path.startsWith('test/tidy'))
    .flatMap(path =>
      readFileSync(join(root, path), 'utf8')
        .split('\n')
        .flatMap((line, index) => (/\b(TODO|FIXME)\b/.test(line) ? `${path}:${index + 1}` : [])),
    )
}

/** As far as it is the first thing in the file, but for a line that names an interpreter. */
function firstComment(text: string): string {
  const begun = text.replace(/^#!.*\n/, '').trimStart()
  return /^(\/\*[\s\S]*?\*\/|(?:#.*\n)+|(?:\/\/.*\n)+|"""[\s\S]*?""")/.exec(begun)?.[0] ?? ''
}

/** Functions of shell and Python scripts, which end where the indentation of their head comes back. */
function scriptFunctions(text: string): {readonly name: string; readonly lines: number; readonly comment: string}[] {
  const lines = text.split('\n')
  return lines.flatMap((line, at) => {
    const [, indent = '', ofPython, ofShell] = /^( *)(?:(?:async )?def (\w+)\(|(\w+)\(\) *\{$)/.exec(line) ?? []
    const name = ofPython ?? ofShell
    if (name === undefined) return []
    const rest = lines.slice(at + 1)
    const end = rest.findIndex(one => one.trim() !== '' && /^ */.exec(one)?.[0] === indent)
    const body = rest
      .slice(0, end === -1 ? undefined : end)
      .join('\n')
      .trimEnd()
      .split('\n')
    return {name, lines: body.length + 1, comment: [lines[at - 1], body[0]].join('\n')}
  })
}
