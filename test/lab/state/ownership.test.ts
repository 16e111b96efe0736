import {existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, test, vi} from 'vitest'
import type {Belonging} from '../../../lab/engine/docker.ts'
import {labFolder} from '../../../lab/state/folders.ts'
import {lockLab} from '../../../lab/state/lock.ts'
import {owner, saveOwner} from '../../../lab/state/owner.ts'
import {
  claim,
  mustBeOurs,
  type OwnershipEngine,
  removeOurs,
  removeStale,
  standings,
} from '../../../lab/state/ownership.ts'
import type {Owner} from '../../../lab/topology/topology.ts'
import {LabError} from '../../../lab/words/errors.ts'

const nowMs = 1_800_000_000_000

/** What labs have on an engine, and nothing else of it. */
class Engine implements OwnershipEngine {
  things: Belonging[] = []
  /** Runs when the belongings have been listed: what another does in between. */
  meanwhile: (() => void) | undefined

  async belongings(lab?: string) {
    const found = this.things.filter(one => lab === undefined || one.lab === lab)
    this.meanwhile?.()
    return found
  }
  async clockMs() {
    return nowMs
  }
  async claim(lab: string, {id, home}: Owner): Promise<Belonging> {
    const claimed = this.things.find(one => one.id === `${lab}.claim`)
    if (claimed !== undefined) return claimed
    this.things.push({...{kind: 'volume', id: `${lab}.claim`, lab, home}, owner: id, state: null, createdMs: nowMs})
    return this.claim(lab, {id, home})
  }
  async remove(belongings: readonly Belonging[], evenRunning: boolean) {
    const ids = new Set(belongings.map(one => one.id))
    const running = this.things.filter(one => ids.has(one.id) && one.state === 'running')
    if (!evenRunning && running.length > 0) throw new LabError('not-yours', 'it was started again meanwhile')
    this.things = this.things.filter(one => !ids.has(one.id))
    const of = (kind: string) => belongings.filter(one => one.kind === kind).length
    return {containers: of('container'), networks: of('network'), volumes: of('volume')}
  }

  /** A lab with two hosts, as Compose makes it. */
  put(lab: string, whose: Owner | null, state: string | null, createdMs = nowMs - 3_600_000): void {
    const id = whose?.id ?? null
    const home = whose?.home ?? null
    const base = {lab, owner: id, createdMs}
    if (state !== null)
      for (const host of ['node1', 'node2'])
        this.things.push({...base, kind: 'container', id: `${lab}-${host}-${id}`, home: null, state})
    this.things.push({...base, kind: 'network', id: `${lab}-${id}`, home, state: null})
    this.things.push({...base, kind: 'volume', id: `${lab}-data-${id}`, home, state: null})
  }
  ids(): string[] {
    return this.things.map(one => one.id)
  }
  become(state: string): void {
    this.things = this.things.map(one => (one.kind === 'container' ? {...one, state} : one))
  }
}

const places: string[] = []
let engine: Engine
beforeEach(() => {
  vi.stubEnv('PGHA_LAB_OWNER', '')
  engine = new Engine()
})
afterEach(() => {
  vi.unstubAllEnvs()
  for (const place of places.splice(0)) rmSync(place, {recursive: true, force: true})
})

/** From now on commands are this one's, who has a state directory. */
function live(): {state: string; is: Owner} {
  const state = mkdtempSync(join(tmpdir(), 'ownership-'))
  places.push(state)
  vi.stubEnv('XDG_STATE_HOME', state)
  return {state, is: owner()}
}

/** What `up` leaves in a state directory. */
function save(lab: string, whose?: Owner): void {
  if (whose !== undefined) saveOwner(lab, whose)
  mkdirSync(labFolder(lab), {recursive: true})
  writeFileSync(join(labFolder(lab), 'lab.json'), '{}')
}

/** Somebody who is there and has raised a lab; afterwards commands are of another one. */
function somebodys(lab: string, state: string | null, createdMs?: number): {state: string; is: Owner} {
  const other = live()
  save(lab, other.is)
  engine.put(lab, other.is, state, createdMs)
  live()
  return other
}

const refusal = async (act: Promise<unknown>) => (await act.catch((error: LabError) => error)) as LabError

describe('a running lab of an owner who is there', () => {
  test.each(['running', 'paused', 'restarting'])('is refused to everybody else (%s)', async state => {
    const {is} = somebodys('x', state)
    const before = engine.ids()
    for (const act of [mustBeOurs, removeOurs, claim]) {
      const error = await refusal(act(engine, 'x'))
      expect(error.code).toBe('not-yours')
      expect(error.message).toContain(`lab x runs and belongs to somebody else (owner ${is.id}, kept in `)
    }
    const {removed, left} = await removeStale(engine)
    expect(removed).toEqual([])
    expect(left).toMatchObject([{lab: 'x', owner: is.id}])
    expect(engine.ids()).toEqual(before)
  })

  test('is refused also to one whose own lab of that name is gone from the engine, and is still saved', async () => {
    const {is} = live()
    save('x', is)
    const mine = process.env.XDG_STATE_HOME
    somebodys('x', 'running')
    vi.stubEnv('XDG_STATE_HOME', mine)
    expect((await refusal(removeOurs(engine, 'x'))).code).toBe('not-yours')
    expect(engine.ids()).toHaveLength(4)
  })

  test('is its owner’s own to change and remove', async () => {
    const {is} = live()
    save('x', is)
    engine.put('x', is, 'running')
    await mustBeOurs(engine, 'x')
    expect((await removeStale(engine)).removed).toEqual([])
    expect(await removeOurs(engine, 'x')).toEqual({containers: 2, networks: 1, volumes: 1})
    expect(engine.ids()).toEqual([])
  })

  test('has one host that runs: that is enough', async () => {
    somebodys('x', 'exited')
    engine.things = engine.things.map((one, index) => (index === 0 ? {...one, state: 'running'} : one))
    expect((await standings(engine))[0]).toMatchObject({stale: false, running: true})
  })
})

describe('what nobody works with any more', () => {
  test.each(['exited', 'dead', 'created', null])('is told, and removed by `down --stale` alone (%s)', async state => {
    somebodys('x', state)
    for (const act of [mustBeOurs, removeOurs, claim]) {
      const error = await refusal(act(engine, 'x'))
      expect(error.message).toContain('nothing of it runs any more')
      expect(error.hint).toBe('pgha-lab down --stale --name x')
    }
    const {removed, left} = await removeStale(engine)
    expect(removed.map(one => one.lab)).toEqual(['x'])
    expect(left).toEqual([])
    expect(engine.ids()).toEqual([])
  })

  test.runIf(process.platform === 'linux')('is a running lab, too, when its owner is gone', async () => {
    const {state} = somebodys('x', 'running')
    rmSync(state, {recursive: true})
    const error = await refusal(mustBeOurs(engine, 'x'))
    expect(error.message).toContain('its owner is gone')
    expect(error.hint).toBe('pgha-lab down --stale --name x')
    await removeStale(engine)
    expect(engine.ids()).toEqual([])
  })

  test('is not a running lab that says no owner, or one that cannot be looked for from here', async () => {
    live()
    engine.put('old', null, 'running')
    engine.put('far', {id: 'ci-1', home: '0123456789abcdef /nonexistent/pgha-lab'}, 'running')
    engine.put('printed', {id: 'c0ffee', home: null}, 'running')
    const {removed, left} = await removeStale(engine)
    expect(removed).toEqual([])
    expect(left.map(one => one.lab)).toEqual(['old', 'far', 'printed'])
    for (const lab of ['old', 'far', 'printed'])
      expect((await refusal(mustBeOurs(engine, lab))).message).toContain('cannot be told from here')
  })

  test('is what its owner works on only as long as the owner does not', async () => {
    const {state, is} = somebodys('x', 'exited')
    const mine = process.env.XDG_STATE_HOME
    vi.stubEnv('XDG_STATE_HOME', state)
    const held = lockLab('x', 'up')
    vi.stubEnv('XDG_STATE_HOME', mine)
    expect((await removeStale(engine)).left).toMatchObject([{lab: 'x', owner: is.id}])
    expect((await refusal(claim(engine, 'x'))).message).toContain(
      `in use by its owner: \`pgha-lab up\` (pid ${process.pid})`,
    )
    held[Symbol.dispose]()
    expect((await removeStale(engine)).removed).toMatchObject([{lab: 'x'}])
  })

  test('is not what an owner whom we cannot see is raising just now', async () => {
    live()
    const far = {id: 'ci-1', home: '0123456789abcdef /nonexistent/pgha-lab'}
    engine.put('young', far, null, nowMs - 5_000)
    engine.put('made', far, 'created', nowMs - 5_000)
    engine.put('aged', far, 'created', nowMs - 300_000)
    const {removed, left} = await removeStale(engine)
    expect(removed.map(one => one.lab)).toEqual(['aged'])
    expect(left.map(one => one.lab)).toEqual(['young', 'made'])
  })

  test('stays when it is started between the look and the removal', async () => {
    somebodys('x', 'exited')
    let looks = 0
    engine.meanwhile = () => {
      if (++looks === 2) engine.become('running')
    }
    const {removed, left} = await removeStale(engine)
    expect(removed).toEqual([])
    expect(left).toMatchObject([{lab: 'x', says: 'stays: it was started again meanwhile'}])
    expect(engine.ids()).toHaveLength(4)
  })

  test('is of one name when one is named', async () => {
    somebodys('x', 'exited')
    somebodys('y', 'exited')
    await removeStale(engine, 'y')
    expect((await standings(engine)).map(one => one.lab)).toEqual(['x'])
  })

  test('is never looked for by a name that is none: labels are anybody’s text', async () => {
    live()
    engine.put('../../etc', null, 'exited')
    engine.put('X\x1b[2J', null, 'exited')
    expect(await standings(engine)).toEqual([])
    expect((await removeStale(engine)).removed).toEqual([])
  })
})

describe('a fresh home in CI', () => {
  test('with an owner in its environment removes what earlier jobs of that owner left running', async () => {
    vi.stubEnv('PGHA_LAB_OWNER', 'ci-runner-7')
    const {state, is} = live()
    save('x', is)
    // As from within another container: there the same path is another directory.
    engine.put('x', {...is, home: `0123456789abcdef ${is.home?.split(' ')[1]}`}, 'running')
    rmSync(state, {recursive: true})
    live()
    await removeStale(engine)
    expect(engine.ids()).toEqual([])
  })

  test('leaves a running lab of that owner whose home is there', async () => {
    vi.stubEnv('PGHA_LAB_OWNER', 'ci-runner-7')
    somebodys('x', 'running')
    await removeStale(engine)
    expect(engine.ids()).toHaveLength(4)
  })

  test('removes nothing that a command of that owner works on from another home', async () => {
    vi.stubEnv('PGHA_LAB_OWNER', 'ci-runner-7')
    const {state} = somebodys('x', 'running')
    const mine = process.env.XDG_STATE_HOME
    vi.stubEnv('XDG_STATE_HOME', state)
    using _held = lockLab('x', 'chaos kill-leader')
    vi.stubEnv('XDG_STATE_HOME', mine)
    for (const act of [mustBeOurs, removeOurs, claim])
      expect((await refusal(act(engine, 'x'))).message).toContain('in use by its owner: `pgha-lab chaos kill-leader`')
    expect(engine.ids()).toHaveLength(4)
  })

  test('leaves what the owner has raised by hand from a printed file', async () => {
    const {is} = live()
    engine.put('x', {...is, home: null}, 'running')
    expect((await removeStale(engine)).removed).toEqual([])
    await removeOurs(engine, 'x')
    expect(engine.ids()).toEqual([])
  })
})

describe('a lab of an older version, which says no owner', () => {
  test('is its own where it is saved', async () => {
    live()
    save('x')
    engine.put('x', null, 'running')
    await mustBeOurs(engine, 'x')
    await removeOurs(engine, 'x')
    expect(engine.ids()).toEqual([])
  })

  test('is not that of whoever has since saved one of that name with an owner', async () => {
    const {is} = live()
    save('x', is)
    engine.put('x', null, 'running')
    expect((await refusal(mustBeOurs(engine, 'x'))).code).toBe('not-yours')
  })
})

describe('two who raise one name at once', () => {
  test('the one who comes second hears it, and takes nothing from the first', async () => {
    const first = live()
    const claimed = await claim(engine, 'x')
    live()
    const error = await refusal(claim(engine, 'x'))
    expect(error.code).toBe('not-yours')
    expect(error.message).toMatch(/^lab x /)
    expect(existsSync(labFolder('x'))).toBe(false)
    expect(engine.things).toMatchObject([{id: 'x.claim', owner: first.is.id}])
    await claimed[Symbol.asyncDispose]()
    expect(engine.ids()).toEqual([])
    await (await claim(engine, 'x'))[Symbol.asyncDispose]()
  })

  test('one whose rival has raised it between the look and the claim gives the claim back', async () => {
    const rival = live()
    live()
    engine.meanwhile = () => {
      engine.meanwhile = undefined
      engine.put('x', rival.is, 'running')
    }
    expect((await refusal(claim(engine, 'x'))).code).toBe('not-yours')
    expect(engine.ids()).not.toContain('x.claim')
    expect(engine.ids()).toHaveLength(4)
  })

  test('one who was killed with its claim goes on with it', async () => {
    live()
    await claim(engine, 'x')
    await (await claim(engine, 'x'))[Symbol.asyncDispose]()
    expect(engine.ids()).toEqual([])
  })

  test('one who raised nothing after all leaves nothing, and one who has saved a lab keeps its owner', async () => {
    const {is} = live()
    await (await claim(engine, 'x'))[Symbol.asyncDispose]()
    expect(existsSync(labFolder('x'))).toBe(false)
    const claimed = await claim(engine, 'x')
    writeFileSync(join(labFolder('x'), 'lab.json'), '{}')
    await claimed[Symbol.asyncDispose]()
    expect(existsSync(join(labFolder('x'), 'owner'))).toBe(true)
    // What a lab was known by, of which more than that is gone, stays.
    rmSync(join(labFolder('x'), 'lab.json'))
    await (await claim(engine, 'x'))[Symbol.asyncDispose]()
    expect(existsSync(join(labFolder('x'), 'owner'))).toBe(true)
    expect(is.id).not.toBe('')
  })

  test('two directories of one owner are two', async () => {
    vi.stubEnv('PGHA_LAB_OWNER', 'ci-runner-7')
    live()
    await claim(engine, 'x')
    live()
    expect((await refusal(claim(engine, 'x'))).message).toBe('lab x is being raised by somebody else right now')
  })
})
