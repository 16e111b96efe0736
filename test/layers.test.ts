/**
 * Imports point to what stands before, and each outside package has its owner: the rules of docs/how/architecture.md, as a test.
 * And tests that share a process leave it as it was.
 */
import {existsSync, globSync, readFileSync} from 'node:fs'
import {dirname, join, relative} from 'node:path'
import {expect, test} from 'vitest'
import {sections} from './docs/markdown.ts'
import {fileOf, files, importsOf, packagesReached, root} from './imports.ts'
import {sharing} from './vitest.config.ts'

/** The table of rooms, from what others build on to what builds on them: each row the rooms that know nothing of each other. */
const table = sections(readFileSync(join(root, 'docs', 'how', 'architecture.md'), 'utf8')).get('Rooms') ?? ''
const rows = [...table.matchAll(/^\| (`.+?) \| (.+) \|$/gm)].map(([, rooms = '', question = '']) => ({
  rooms: [...rooms.matchAll(/`([^`]+)`/g)].map(([, room = '']) => room),
  question,
}))
const floors = new Map(rows.flatMap(({rooms}, floor) => rooms.map(room => [room, floor] as const)))

/** Who may import a package at run time. Packages that are not listed may be used by all. */
const owners: Readonly<Record<string, RegExp>> = {
  dockerode: /^lab\/engine\/docker\//,
  execa: /^(lab\/engine\/stack|lab\/setup\/command|cli\/attach|lab\/suite\/(child|seat-process))\.ts$/,
  yaml: /^(lab\/words\/decode\.ts$|lab\/lint\/read\/yaml\.ts$|compose\/)/,
  ink: /^cli\/ui\//,
  react: /^cli\/ui\//,
  pg: /^lab\/((clients|probes)\/|cluster\/(first-write|sql|streaming)\.ts$)/,
  'p-retry': /^lab\/cluster\/wait\.ts$/,
  leven: /^lab\/words\/did-you-mean\.ts$/,
  rolldown: /^cli\/build\//,
  commander: /^cli\/(program|options|commands\/[a-z-]+)\.ts$/,
}

/** The room of a file: the longest that its path begins with; a file may be a room of its own. */
const roomOf = (file: string) =>
  [...floors.keys()]
    .filter(room => file === room || file.startsWith(`${room}/`))
    .reduce((longest, room) => (room.length > longest.length ? room : longest), '')

test('test/ mirrors the rooms: no folder of tests is of a room that is not there', () => {
  const folders = (of: string) => globSync(`${of}/*/`, {cwd: root}).map(path => path.replace(/\/$/, ''))
  // What tests stand on, and what a fresh process reads of the whole package.
  const ofTests = ['test/lab/fake']
  const without = folders('test/lab').filter(folder => !ofTests.includes(folder) && !floors.has(folder.slice(5)))
  expect(without).toEqual([])
  // The doors inside have nothing of their own but names.
  const untested = folders('lab').filter(room => room !== 'lab/inside' && !folders('test/lab').includes(`test/${room}`))
  expect(untested).toEqual([])
})

test('every file is in a room of the table, and every room of the table has files', () => {
  expect(files.filter(file => roomOf(file) === '')).toEqual([])
  expect([...floors.keys()].filter(room => !files.some(file => roomOf(file) === room))).toEqual([])
})

test('no file imports, not even a type, from a room after its own or beside it', () => {
  const upwards = files.flatMap(file =>
    importsOf(file, {types: true})
      .filter(target => target.startsWith('.'))
      .map(target => fileOf(file, target))
      .filter(imported => roomOf(imported) !== roomOf(file))
      .filter(imported => (floors.get(roomOf(imported)) ?? Infinity) >= (floors.get(roomOf(file)) ?? -1))
      .map(imported => `${file} imports ${imported}`),
  )
  expect(upwards).toEqual([])
})

test('the command line comes to the library through its doors only: the public one, and the parts of lab/inside', () => {
  const past = files
    .filter(file => file.startsWith('cli/'))
    .flatMap(file =>
      importsOf(file, {types: true})
        .filter(target => target.startsWith('.'))
        .map(target => fileOf(file, target))
        .filter(imported => imported.startsWith('lab/') && !/^lab\/(index|inside\/[a-z]+)\.ts$/.test(imported))
        .map(imported => `${file} imports ${imported}`),
    )
  expect(past).toEqual([])
})

test('what every start loads of the library loads no engine, and what reads and draws loads none either', () => {
  for (const part of ['start', 'reading'])
    for (const name of ['pg', 'dockerode', 'execa', 'p-retry'])
      expect(packagesReached(`lab/inside/${part}.ts`).get(name)).toBeUndefined()
})

test('what every start loads makes no schema and reads no YAML, and who shows labs loads no driver and starts no program', () => {
  const reached = (file: string) =>
    [...packagesReached(file, {late: false}).keys()].filter(name => !name.startsWith('node:')).toSorted()
  expect(reached('cli/program.ts')).toEqual(['commander', 'leven'])
  for (const name of ['pg', 'execa']) expect(reached('lab/inside/labs.ts')).not.toContain(name)
})

test('no command imports a part of Node of which an import reads names that load undici, or all CAs there are', () => {
  for (const name of ['node:http', 'node:https', 'node:tls'])
    expect(packagesReached('cli/program.ts').get(name)).toBeUndefined()
})

test('a room of more than fifteen files is one for a reason, which the table gives with their number or as one file a unit', () => {
  const counts = Map.groupBy(
    files.filter(file => file.startsWith('lab/')),
    roomOf,
  )
  const large = [...counts].filter(([, ofRoom]) => ofRoom.length > 15)
  const unexplained = large.filter(([room, ofRoom]) => {
    const question = rows.find(({rooms}) => rooms.includes(room))?.question ?? ''
    // What grows by a file with each unit is not counted: adding a unit would have to touch this page.
    return !question.includes(`${ofRoom.length} files`) && !/\bone file a (fault|check|probe)\b/i.test(question)
  })
  expect(unexplained.map(([room, ofRoom]) => `${room}: ${ofRoom.length} files`)).toEqual([])
})

test('no file uses a package that another file owns', () => {
  const trespasses = files.flatMap(file =>
    importsOf(file, {types: false})
      .map(target => target.split('/')[0] ?? '')
      .filter(name => owners[name]?.test(file) === false)
      .map(name => `${file} uses ${name}`),
  )
  expect(trespasses).toEqual([])
})

/** The unit that a file of lab/faults or lab/checks is a part of: the file of that name, with the folder of that name. */
const unitOf = (file: string) => /^lab\/(?:faults|checks)\/([^/.]+)/.exec(file)?.[1]

test('a fault never imports a fault, and a check never imports a check, save through their index', () => {
  for (const file of files.filter(one => /^lab\/(faults|checks)\/(?!index|all)/.test(one)))
    for (const target of importsOf(file, {types: false})) {
      const unit = target.startsWith('.') ? unitOf(relative(root, join(root, dirname(file), target))) : undefined
      expect([undefined, 'check', unitOf(file)], `${file} imports ${target}`).toContain(unit)
    }
})

/** What an engine does to one container. */
const toOne = 'condition isRunning logs start stop kill pause unpause limitCpus connect disconnect exec run'.split(' ')

test('whoever does something to a host asks for the engine of that host', () => {
  const past = new RegExp(`\\blab\\.docker\\.(${toOne.join('|')})\\(`, 'g')
  const found = files.flatMap(file =>
    [...readFileSync(join(root, file), 'utf8').matchAll(past)].map(([call]) => `${file}: ${call})`),
  )
  // The observer is no host.
  const ofObserver = ['lab.docker.unpause()', 'lab.docker.start()'].map(call => `lab/healing/observer.ts: ${call}`)
  expect(found.toSorted()).toEqual(ofObserver.toSorted())
})

test('no test that shares its process with others changes anything of it', () => {
  const tests = sharing.flatMap(pattern => globSync(pattern, {cwd: root, exclude: ['test/live/**']}))
  expect(tests.length).toBeGreaterThan(250)
  const theirs = new Set(tests)
  // Grows while it is walked: also what the tests stand on. Some quote imports of files that are not there.
  for (const file of theirs)
    for (const target of importsOf(file, {types: false}).map(one => fileOf(file, one)))
      if (target.startsWith('test/') && existsSync(join(root, target))) theirs.add(target)
  const changes =
    /\bvi\.(?!waitUntil|waitFor|fn)\w+|\bprocess\.(env\b[^\n]*[^=!<>]=[^=>]|chdir|on\b|once\b|exitCode\s*=[^=]|std\w+\.write\s*=)|\bglobalThis\b|^Object\.assign\(|\bObject\.assign\((?:checks|faults)\b/m
  const changing = [...theirs]
    .map(file => ({file, found: changes.exec(readFileSync(join(root, file), 'utf8'))?.[0]}))
    .filter(({found}) => found !== undefined)
  expect(changing).toEqual([])
})
