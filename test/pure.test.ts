/** What judges, reads a history or draws it works from values: it must run where there is no engine, no cluster and no Docker. */
import {expect, test} from 'vitest'
import {files, packagesReached} from './imports.ts'

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
