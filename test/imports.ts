/** What the sources import, read without running them: for the tests that hold who may know whom. */
import {globSync, readFileSync} from 'node:fs'
import {dirname, join, relative} from 'node:path'

export const root = join(import.meta.dirname, '..')

/** All of ours, by their paths in the repository. */
export const files: readonly string[] = globSync('{lab,compose,cli}/**/*.{ts,tsx}', {cwd: root})

/**
 * As they are written. With types: those that make no dependency at run time but one for the reader. `import {type A}` is none
 * of these: what is named between the braces is erased, and the file is loaded all the same.
 */
export function importsOf(file: string, {types, late = true}: {types: boolean; late?: boolean}): string[] {
  const text = readFileSync(join(root, file), 'utf8')
  return [
    ...text.matchAll(
      /^(?:import|export)\s+(type\b)?[^'"]*?from\s+'([^']+)'|\b(?:import|createRequire\(import\.meta\.url\))\('([^']+)'\)|^import '([^']+)'/gm,
    ),
  ]
    .filter(([, typeOnly]) => types || typeOnly === undefined)
    .flatMap(([, , from, lazy, bare]) => from ?? (late ? lazy : undefined) ?? bare ?? [])
}

/** The file of ours that an import means. */
export function fileOf(importer: string, target: string): string {
  return relative(root, join(root, dirname(importer), target))
}

/** The files of ours that are loaded with `start`, itself among them. */
export function filesReached(start: string): readonly string[] {
  const reached = new Set([start])
  for (const file of reached) // grows while it is walked
    for (const target of importsOf(file, {types: false})) if (target.startsWith('.')) reached.add(fileOf(file, target))
  return [...reached]
}

/**
 * A way from `start` to each package that is loaded with it: the files, then the package.
 * @param late also what may be loaded later by an `import()`.
 */
export function packagesReached(start: string, {late = true} = {}): ReadonlyMap<string, readonly string[]> {
  const ways = new Map<string, readonly string[]>([[start, [start]]])
  const packages = new Map<string, readonly string[]>()
  for (const [file, way] of ways) // grows while it is walked
    for (const target of importsOf(file, {types: false, late})) {
      if (!target.startsWith('.')) {
        const name = target.split('/').slice(0, target.startsWith('@') ? 2 : 1)
        if (!packages.has(name.join('/'))) packages.set(name.join('/'), [...way, name.join('/')])
        continue
      }
      const next = fileOf(file, target)
      if (!ways.has(next)) ways.set(next, [...way, next])
    }
  return packages
}
