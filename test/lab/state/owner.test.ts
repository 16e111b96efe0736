import {mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test, vi} from 'vitest'
import {stateRoot} from '../../../lab/state/folders.ts'
import {homePath, knownId, owner, savedOwner, saveOwner, sayOwner, whereabouts} from '../../../lab/state/owner.ts'

const places: string[] = []
beforeEach(() => {
  vi.stubEnv('PGHA_LAB_OWNER', '')
  live('ann')
})
afterEach(() => {
  vi.unstubAllEnvs()
  for (const place of places.splice(0)) rmSync(place, {recursive: true, force: true})
})

/** From now on this process has a state directory of its own, which it returns. */
function live(who: string): string {
  const state = mkdtempSync(join(tmpdir(), `owner ${who}-`))
  places.push(state)
  vi.stubEnv('XDG_STATE_HOME', state)
  return state
}

test('a state directory draws its owner once, and keeps it from other users', () => {
  expect(knownId()).toBeNull()
  const {id} = owner()
  expect(id).toMatch(/^[0-9a-f]{32}$/)
  expect(owner().id).toBe(id)
  expect(knownId()).toBe(id)
  expect(statSync(join(stateRoot(), 'owner')).mode & 0o777).toBe(0o600)
  live('bob')
  expect(owner().id).not.toBe(id)
})

test('PGHA_LAB_OWNER is taken as it is, when it is an owner at all', () => {
  vi.stubEnv('PGHA_LAB_OWNER', 'ci-runner_7.a')
  expect(owner().id).toBe('ci-runner_7.a')
  for (const wrong of ['-x', 'a b', 'a\n', 'ü', 'a'.repeat(64), '$(id)', 'a:b']) {
    vi.stubEnv('PGHA_LAB_OWNER', wrong)
    expect(() => owner(), JSON.stringify(wrong)).toThrow(/^PGHA_LAB_OWNER is "[^\n]*": an owner has up to 63 letters/)
  }
})

test('a file of something else is no owner, and is told by its path', () => {
  mkdirSync(stateRoot(), {recursive: true})
  writeFileSync(join(stateRoot(), 'owner'), 'two words')
  expect(() => owner()).toThrow(`${join(stateRoot(), 'owner')} holds no owner id`)
})

test('the label of a home is plain text that leads back to its path, whatever that is called', () => {
  const odd = join(live('odd'), "it's $HOME\n\u2028#ü%")
  vi.stubEnv('XDG_STATE_HOME', odd)
  const {home} = owner()
  expect(home).toMatch(/^([0-9a-f]{16}|-) \/[\x21-\x7e]+$/)
  expect(home).not.toMatch(/[$"\\]/)
  expect(homePath(home)).toBe(stateRoot())
})

test('an owner whose directory knows the lab is there', () => {
  const ann = owner()
  saveOwner('x', ann)
  expect(savedOwner('x')).toBe(ann.id)
  live('bob')
  expect(savedOwner('x')).toBeNull()
  expect(whereabouts('x', ann.id, ann.home)).toBe('there')
})

// Elsewhere nothing tells two machines apart, and absence is never a proof.
test.runIf(process.platform === 'linux')(
  'an owner is gone when its directory is, or its record of the lab, or it is another one’s by now',
  () => {
    const state = live('eve')
    const eve = owner()
    saveOwner('x', eve)
    live('bob')
    expect(whereabouts('y', eve.id, eve.home)).toBe('gone')
    expect(whereabouts('x', 'another', eve.home)).toBe('gone')
    expect(whereabouts('x', eve.id, eve.home)).toBe('there')
    rmSync(state, {recursive: true})
    expect(whereabouts('x', eve.id, eve.home)).toBe('gone')
  },
)

test('absence proves nothing when it is seen from another machine, other mounts or another file system', () => {
  const state = live('eve')
  const eve = owner()
  const path = eve.home?.split(' ')[1]
  rmSync(state, {recursive: true})
  for (const view of ['0123456789abcdef', '-'])
    expect(whereabouts('x', eve.id, `${view} ${path}`), view).toBe('unknown')
})

test('a directory that cannot be looked into is no proof', () => {
  const state = live('eve')
  const eve = owner()
  rmSync(state, {recursive: true})
  symlinkSync(state, state) // leads to itself; a directory that may not be read ends alike, but not for root
  places.push(state)
  expect(whereabouts('x', eve.id, eve.home)).toBe('unknown')
})

test('a label that is not of our form leads nowhere and is not shown', () => {
  for (const home of [
    null,
    '',
    '/etc',
    '0123456789abcdef relative',
    `0123456789abcdef /a\x1b[2J`,
    '0123456789abcdef /%',
    '- /%zz',
  ]) {
    expect(whereabouts('x', 'a', home), String(home)).toBe('unknown')
    expect(sayOwner('a', home)).toBe('owner a')
  }
  expect(sayOwner('\x1b[2J', null)).toBe('it does not say whose it is')
  expect(sayOwner(null, null)).toBe('it does not say whose it is')
})

test('a record that is no file is not read', () => {
  const ann = owner()
  mkdirSync(join(stateRoot(), 'labs', 'x', 'owner'), {recursive: true})
  expect(whereabouts('x', ann.id, ann.home)).not.toBe('there')
  expect(readFileSync(join(stateRoot(), 'owner'), 'utf8').trim()).toBe(ann.id)
})
