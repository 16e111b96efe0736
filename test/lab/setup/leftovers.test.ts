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
  type Machine,
  policyFile,
  policyText,
  tempPrefix,
  unfinished,
  writeWhole,
} from '../../../lab/setup/leftovers.ts'

const setup = join(import.meta.dirname, '..', '..', '..', 'lab', 'setup')
let machine: Machine
let source: string
let preferences: string

beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'pgha-lab-leftovers-'))
  machine = {root: join(folder, 'root'), temp: join(folder, 'temp')}
  source = join(machine.root, 'etc/apt', trixieSourceFile)
  preferences = join(machine.root, 'etc/apt', trixiePreferencesFile)
  for (const path of ['usr/sbin', 'etc/apt/sources.list.d', 'etc/apt/preferences.d'])
    mkdirSync(join(machine.root, path), {recursive: true})
  mkdirSync(machine.temp)
})
afterEach(() => rmSync(join(machine.root, '..'), {recursive: true}))

/** Does what `script` says with the set-up's own functions, and is killed when it prints `ready`. */
async function killedAfter(script: string) {
  const program = `
    import {withoutStartingServices} from '${setup}/apt.ts'
    import {tempPrefix, unfinished, writeWhole} from '${setup}/leftovers.ts'
    import {mkdtempSync, writeFileSync} from 'node:fs'
    const machine = ${JSON.stringify(machine)}
    const hang = async () => { console.log('ready'); await new Promise(() => setInterval(() => {}, 1000)) }
    ${script}`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    env: {...process.env, TMPDIR: machine.temp},
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise(resolve => child.on('close', resolve))
  await new Promise(resolve => child.stdout.once('data', resolve))
  const whileItLived = leftovers(machine)
  child.kill('SIGKILL')
  await ended
  return {whileItLived}
}

test('a policy-rc.d of a set-up that was killed is removed by the next, and not while that set-up lives', async () => {
  const {whileItLived} = await killedAfter('await withoutStartingServices(hang, machine)')
  expect(whileItLived).toEqual([])
  expect(existsSync(policyFile(machine))).toBe(true)
  expect(clearLeftovers(machine)).toEqual([policyFile(machine)])
  expect(existsSync(policyFile(machine))).toBe(false)
})

test("somebody else's policy-rc.d is never touched, not even one that has our line", async () => {
  const theirs = [
    '#!/bin/sh\nexit 101\n',
    '#!/bin/sh\n# pgha-lab: only while it installs Docker; remove it if you see it later\nexit 101\necho mine\n',
    '#!/bin/sh\n# pgha-lab: only while process 1-1 installs Docker; remove it if you see it later\nexit 0\n',
  ]
  for (const text of theirs) {
    writeFileSync(policyFile(machine), text)
    expect(clearLeftovers(machine)).toEqual([])
    await withoutStartingServices(async () => expect(readFileSync(policyFile(machine), 'utf8')).toBe(text), machine)
    expect(readFileSync(policyFile(machine), 'utf8')).toBe(text)
  }
  rmSync(policyFile(machine))
  writeFileSync(join(machine.temp, 'target'), policyText().replace(/\d+-\d+/, '1-1'))
  symlinkSync(join(machine.temp, 'target'), policyFile(machine))
  expect(clearLeftovers(machine)).toEqual([])
})

test('the policy-rc.d of an earlier version, which named no process, is known too', () => {
  writeFileSync(
    policyFile(machine),
    '#!/bin/sh\n# pgha-lab: only while it installs Docker; remove it if you see it later\nexit 101\n',
  )
  expect(clearLeftovers(machine)).toEqual([policyFile(machine)])
})

test('an installation that was killed leaves no source of ours in force, and one that ended keeps it', async () => {
  await killedAfter(`
    writeWhole('${preferences}', unfinished('Package: *\\n'))
    writeWhole('${source}', unfinished('Types: deb\\n'))
    writeFileSync('${source.replace('pgha-lab-trixie', '.pgha-lab-trixie')}.' + process.pid, 'Types: d')
    await hang()`)
  const half = readdirSync(join(source, '..')).find(name => name.startsWith('.'))
  expect(clearLeftovers(machine)).toEqual([source, preferences, join(source, '..', half ?? 'none')])
  writeWhole(source, unfinished('Types: deb\n'))
  finish(source)
  expect(readFileSync(source, 'utf8')).toBe('Types: deb\n')
  expect(clearLeftovers(machine)).toEqual([])
})

test("a working folder of a set-up that was killed is removed; a living one's, and what only has the name, are not", async () => {
  await killedAfter("mkdtempSync(tempPrefix('base')); mkdtempSync(tempPrefix('app')); await hang()")
  const [app, base] = readdirSync(machine.temp).sort()
  mkdirSync(join(machine.temp, `${basename(tempPrefix('base'))}abc`))
  writeFileSync(join(machine.temp, 'pgha-lab-base-1-1-file'), '')
  symlinkSync('/', join(machine.temp, 'pgha-lab-base-1-1-link'))
  expect(clearLeftovers(machine)).toEqual([join(machine.temp, app!), join(machine.temp, base!)])
  expect(readdirSync(machine.temp)).toHaveLength(3)
})

test("what is run as root comes from the system's folders before the user's, and never from where one happens to be", () => {
  expect(rootEnvironment('.:/home/me/bin::bin:/usr/bin:/opt/x').PATH).toBe(
    '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/home/me/bin:/opt/x',
  )
})
