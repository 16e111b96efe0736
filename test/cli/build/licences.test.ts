/** What is built has code of other packages, whose licences go with it. */
import {globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {build} from '../../../cli/build/build.ts'
import {packagesOf} from '../../../cli/build/licences.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const dist = mkdtempSync(join(tmpdir(), 'pgha-lab-dist-'))
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

beforeAll(async () => {
  const [commandLine = '', ...programs] =
    String(manifest.scripts.build)
      .match(/\S+main\.ts/g)
      ?.slice(1) ?? []
  await build({root, dist, commandLine, programs})
}, 120_000)
afterAll(() => rmSync(dist, {recursive: true}))

/** The bundler marks in its output where a module begins. */
function foldersInOutput(): Set<string> {
  const files = globSync(['cli/*/*.js', '*.mjs'], {cwd: dist})
  const regions = files.flatMap(file => [
    ...readFileSync(join(dist, file), 'utf8').matchAll(/^\/\/ (\S*node_modules\/(?:@[^/]+\/)?[^/\s]+)\//gm),
  ])
  return new Set(regions.map(([, folder = '']) => folder))
}

test('every package of which there is code in what is built is named with its version and the text of its licence', () => {
  const told = readFileSync(join(dist, 'THIRD-PARTY-LICENSES'), 'utf8')
  const folders = foldersInOutput()
  expect(folders.size).toBeGreaterThan(50)
  for (const folder of folders) {
    const {name, version} = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
    const part = told.split(`${'-'.repeat(80)}\n\n`).find(one => one.startsWith(`${name} ${version} (`)) ?? ''
    expect(part, folder).toMatch(/Copyright|©/i)
    expect(part, folder).toMatch(/Permission to use|Permission is hereby granted|Apache License/)
    for (const file of globSync('{LICENSE,LICENCE,License,license}{,.md,.txt}', {cwd: join(root, folder)}))
      expect(part).toContain(readFileSync(join(root, folder, file), 'utf8').trim())
  }
})

test('it is packed with them', () => {
  expect(manifest.files).toContain('dist/THIRD-PARTY-LICENSES')
})

test('one that has no licence to pass on stops the build', () => {
  const none = join(dist, 'node_modules', 'none')
  mkdirSync(none, {recursive: true})
  writeFileSync(join(none, 'package.json'), JSON.stringify({name: 'none', version: '1.0.0', license: 'ISC'}))
  expect(() => packagesOf([join(none, 'index.js')], root)).toThrow('none 1.0.0')
})
