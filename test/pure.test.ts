/** What judges, reads a history or draws it works from values: it must run where there is no engine, no cluster and no Docker. */
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {files, filesReached, packagesReached, root} from './imports.ts'

/** The ways out of this process: to PostgreSQL, to the engine, to other programs, and patience with them. */
const waysOut = ['pg', 'dockerode', 'execa', 'p-retry']

const pure = /^(lab\/(judge|checks|history)\/|cli\/(ui\/view\.ts$|render\/))/

const reached = (file: string) =>
  waysOut.flatMap(name => {
    const way = packagesReached(file).get(name)
    return way === undefined ? [] : [way.join(' -> ')]
  })

test('the judge, the checks, the readings of a history, the view and the renderers load nothing that reaches an engine or a cluster', () => {
  expect(files.filter(file => pure.test(file)).flatMap(reached)).toEqual([])
})

test('what does reach them is found: through other files, and through what is imported late', () => {
  expect(reached('lab/run/play.ts').map(way => way.split(' -> ').at(-1))).toEqual(
    expect.arrayContaining(['pg', 'p-retry']),
  )
  expect(
    reached('cli/commands/up.ts')
      .map(way => way.split(' -> ').at(-1))
      .toSorted(),
  ).toEqual(waysOut.toSorted())
})

test.each(['lab/observer/main.ts', 'lab/clients/agent/main.ts'])(
  '%s runs inside a lab with the Node 20 of Debian: nothing that is loaded with it has words that only a newer one knows',
  file => {
    const newer =
      /^\s*(?:await )?using \w|\bSymbol\.(?:asyncD|d)ispose\b|\bPromise\.(?:withResolvers|try)\b|\bMap\.groupBy\b|\bRegExp\.escape\b/m
    const loaded = filesReached(file)
    expect(loaded.length).toBeGreaterThan(2)
    expect(loaded.filter(one => newer.test(readFileSync(join(root, one), 'utf8')))).toEqual([])
  },
)
