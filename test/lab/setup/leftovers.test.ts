/** A set-up that is killed in the middle, on a file system of the test's own, and the next one that finds what it left. */
import {spawn} from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import {tmpdir} from 'node:os'
import {basename, join} from 'node:path'
import {afterEach, beforeEach, expect, test} from 'vitest'
import {rootEnvironment, withoutStartingServices} from '../../../lab/setup/apt.ts'
import {trixiePreferencesFile, trixieSourceFile} from '../../../lab/setup/apt-source.ts'
import {
  clearLeftovers,
  finish,
  leftovers,
  type Place,
  policyFile,
  policyText,
  tempPrefix,
  unfinished,
  writeWhole,
} from '../../../lab/setup/leftovers.ts'

const setup = join(import.meta.dirname, '..', '..', '..', 'lab', 'setup')
let place: Place
let source: string
let preferences: string

beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'pgha-lab-leftovers-'))
  place = {root: join(folder, 'root'), temp: join(folder, 'temp')}
  source = join(place.root, 'etc/apt', trixieSourceFile)
  preferences = join(place.root, 'etc/apt', trixiePreferencesFile)
  for (const path of ['usr/sbin', 'etc/apt/sources.list.d', 'etc/apt/preferences.d'])
    mkdirSync(join(place.root, path), {recursive: true})
  mkdirSync(place.temp)
})
afterEach(() => rmSync(join(place.root, '..'), {recursive: true}))

/** Does what `script` says with the set-up's own functions, and is killed when it prints `ready`. */
async function killedAfter(script: string) {
  const program = `
    import {withoutStartingServices} from '${setup}/apt.ts'
    import {tempPrefix, unfinished, writeWhole} from '${setup}/leftovers.ts'
    import {mkdtempSync, writeFileSync} from 'node:fs'
    const place = ${JSON.stringify(place)}
    const hang = async () => { console.log('ready'); await new Promise(() => setInterval(() => {}, 1000)) }
    ${script}`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    env: {...process.env, TMPDIR: place.temp},
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise(resolve => child.on('close', resolve))
  await new Promise(resolve => child.stdout.once('data', resolve))
  const whileItLived = leftovers(place)
  child.kill('SIGKILL')
  await ended
  return {whileItLived}
}

test('a policy-rc.d of a set-up that was killed is removed by the next, and not while that set-up lives', async () => {
  const {whileItLived} = await killedAfter('await withoutStartingServices(hang, place)')
  expect(whileItLived).toEqual([])
  expect(existsSync(policyFile(place))).toBe(true)
  expect(clearLeftovers(place)).toEqual([policyFile(place)])
  expect(existsSync(policyFile(place))).toBe(false)
})

test("somebody else's policy-rc.d is never touched, not even one that has our line", async () => {
  const theirs = [
    '#!/bin/sh\nexit 101\n',
    '#!/bin/sh\n# pgha-lab: only while it installs Docker; remove it if you see it later\nexit 101\necho mine\n',
    '#!/bin/sh\n# pgha-lab: only while process 1-1 installs Docker; remove it if you see it later\nexit 0\n',
  ]
  for (const text of theirs) {
    writeFileSync(policyFile(place), text)
    expect(clearLeftovers(place)).toEqual([])
    await withoutStartingServices(async () => expect(readFileSync(policyFile(place), 'utf8')).toBe(text), place)
    expect(readFileSync(policyFile(place), 'utf8')).toBe(text)
  }
  rmSync(policyFile(place))
  writeFileSync(join(place.temp, 'target'), policyText().replace(/\d+-\d+/, '1-1'))
  symlinkSync(join(place.temp, 'target'), policyFile(place))
  expect(clearLeftovers(place)).toEqual([])
})

test('the policy-rc.d of an earlier version, which named no process, is known too', () => {
  writeFileSync(
    policyFile(place),
    '#!/bin/sh\n# pgha-lab: only while it installs Docker; remove it if you see it later\nexit 101\n',
  )
  expect(clearLeftovers(place)).toEqual([policyFile(place)])
})

test('an installation that was killed leaves no source of ours in force, and one that ended keeps it', async () => {
  await killedAfter(`
    writeWhole('${preferences}', unfinished('Package: *\\n'))
    writeWhole('${source}', unfinished('Types: deb\\n'))
    writeFileSync('${source.replace('pgha-lab-trixie', '.pgha-lab-trixie')}.' + process.pid, 'Types: d')
    await hang()`)
  const half = readdirSync(join(source, '..')).find(name => name.startsWith('.'))
  expect(clearLeftovers(place)).toEqual([source, preferences, join(source, '..', half ?? 'none')])
  writeWhole(source, unfinished('Types: deb\n'))
  finish(source)
  expect(readFileSync(source, 'utf8')).toBe('Types: deb\n')
  expect(clearLeftovers(place)).toEqual([])
})

test("a working folder of a set-up that was killed is removed; a living one's, and what only has the name, are not", async () => {
  await killedAfter("mkdtempSync(tempPrefix('base')); mkdtempSync(tempPrefix('app')); await hang()")
  const [app, base] = readdirSync(place.temp).sort()
  mkdirSync(join(place.temp, `${basename(tempPrefix('base'))}abc`))
  writeFileSync(join(place.temp, 'pgha-lab-base-1-1-file'), '')
  symlinkSync('/', join(place.temp, 'pgha-lab-base-1-1-link'))
  expect(clearLeftovers(place)).toEqual([join(place.temp, app!), join(place.temp, base!)])
  expect(readdirSync(place.temp)).toHaveLength(3)
})

test("what is run as root comes from the system's folders before the user's, and never from where one happens to be", () => {
  expect(rootEnvironment('.:/home/me/bin::bin:/usr/bin:/opt/x').PATH).toBe(
    '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/home/me/bin:/opt/x',
  )
})
