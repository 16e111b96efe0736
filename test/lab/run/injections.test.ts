/** Faults of a run on a lab that behaves: what happens to them while hosts restart and limits run out. */
import {setTimeout as sleep} from 'node:timers/promises'
import {beforeEach, describe, expect, test, vi} from 'vitest'
import {z} from 'zod'
import type {Fault} from '../../../lab/breaking/fault.ts'
import {type Still, stillOff, stillPrints} from '../../../lab/breaking/lasting.ts'
import type {Lab} from '../../../lab/engine/lab.ts'
import {faults} from '../../../lab/faults/index.ts'
import {Recorder} from '../../../lab/history/history.ts'
import {Injections} from '../../../lab/run/injections.ts'
import {OpenSight} from '../../../lab/run/sight.ts'
import {inForce} from '../../../lab/state/journal.ts'
import {eachWithItsOwnState, healthyLab} from '../fake/at-rest.ts'
import {passing} from '../fake/clock.ts'
import type {FakeWorld} from '../fake/world.ts'

vi.mock('node:timers/promises', () => import('../fake/timers.ts'))
eachWithItsOwnState()

const told: string[] = []
let apply: () => Promise<void>
let limitMs: number | null
let still: Still

const cut: Fault<object> = {
  area: 'nothing',
  about: 'a cut that is made up',
  neverDrawn: 'it is made up',
  params: z.looseObject({}),
  limitMs: () => limitMs,
  strikes: () => ({struck: []}),
  async inject({hosts: [host], mend, broke, proof, again}) {
    await mend({do: 'start-host', host: host!}, sight => still(sight))
    await broke(async () => {})
    again(host!, () => apply())
    proof(true, 'cut')
  },
}
Object.assign(faults, {cut}) // in this file's own process

let lab: Lab
let world: FakeWorld
beforeEach(async () => {
  const faked = await healthyLab()
  lab = faked.lab
  world = faked.world
  faked.engine.start = async () => void told.push('mended')
  told.length = 0
  limitMs = null
  still = async () => null
  apply = async () => void told.push('again')
})

const step = {do: 'inject', fault: 'cut', on: 'node1', as: 'cut', params: {}} as const
const restart = {kind: 'container', host: 'node1', action: 'start', exitCode: null} as const
const kinds = (history: Recorder) =>
  history.events.map(event => event.kind).filter(kind => /again|lost|mended/.test(kind))

test('a host that restarts is given the fault again, until it is mended', async () => {
  using history = new Recorder()
  using injections = new Injections(lab, history, new AbortController().signal)
  await passing(injections.inject([step]))
  history.record(restart)
  await passing(sleep(5))
  expect(kinds(history)).toEqual(['fault-again'])
  await passing(injections.mend())
  history.record(restart)
  await passing(sleep(5))
  expect(told).toEqual(['again', 'mended'])
})

test('a fault on several is done to all whom they mean, each once, and told as one target', async () => {
  using history = new Recorder()
  using injections = new Injections(lab, history, new AbortController().signal)
  await passing(injections.inject([step]))
  await passing(injections.inject([{...step, on: ['node2', 'cut', 'node1'], as: 'both'}]))
  await passing(injections.mend())
  const target = history.events.find(event => event.kind === 'target' && event.fault === 'both')
  expect(target).toMatchObject({selector: 'node2 and cut and node1', hosts: ['node2', 'node1']})
})

test('a mend waits for what is being put in force again, or it would be undone', async () => {
  using history = new Recorder()
  using injections = new Injections(lab, history, new AbortController().signal)
  apply = async () => {
    await sleep(50)
    told.push('again')
  }
  await passing(injections.inject([step]))
  history.record(restart)
  await passing(injections.mend())
  expect(told).toEqual(['again', 'mended'])
  expect(kinds(history)).toEqual(['fault-again', 'fault-mended'])
})

test('a host that cannot be given the fault again has lost it', async () => {
  using history = new Recorder()
  using injections = new Injections(lab, history, new AbortController().signal)
  apply = async () => {
    throw new Error('no shell')
  }
  await passing(injections.inject([step]))
  history.record(restart)
  await passing(sleep(5))
  expect(kinds(history)).toEqual(['fault-lost'])
})

test('a fault whose limit runs out before its mend is lost; one that was mended in time is not', async () => {
  using history = new Recorder()
  using injections = new Injections(lab, history, new AbortController().signal)
  limitMs = 20
  await passing(injections.inject([step]))
  await passing(sleep(60))
  expect(kinds(history)).toEqual(['fault-lost'])
  await passing(injections.mend())

  await passing(injections.inject([{...step, as: 'second'}]))
  await passing(injections.mend())
  await passing(sleep(60))
  expect(kinds(history)).toEqual(['fault-lost', 'fault-mended', 'fault-mended'])
})

describe('a fault that somebody else ends', () => {
  const injected = async (history: Recorder) => {
    const injections = new Injections(lab, history, new AbortController().signal)
    await passing(injections.inject([step]))
    return injections
  }
  const lost = (history: Recorder) => history.events.filter(event => event.kind === 'fault-lost')

  test('is lost within a second, once, and is not put in force again', async () => {
    using history = new Recorder()
    using _ = await injected(history)
    await passing(sleep(2500))
    expect(lost(history)).toEqual([])
    const at = history.now()
    still = async () => 'its table is gone'
    await passing(sleep(4000))
    expect(lost(history)).toMatchObject([{id: 'cut', host: 'node1', says: 'its table is gone'}])
    expect(lost(history)[0]!.at - at).toBeLessThanOrEqual(1_100_000)
  })

  test('is lost when that is first seen right before its mend', async () => {
    using history = new Recorder()
    using injections = await injected(history)
    still = async () => 'its table is gone'
    await passing(injections.mend())
    expect(kinds(history)).toEqual(['fault-lost', 'fault-mended'])
  })

  test('is not lost when nobody can tell: a look fails, or never ends, and the mend does not wait for it', async () => {
    using history = new Recorder()
    using injections = await injected(history)
    let asked = 0
    still = async () => {
      asked++
      throw new Error('no shell')
    }
    await passing(sleep(3500))
    expect(asked).toBe(3)
    still = () => {
      asked++
      return new Promise(() => {})
    }
    await passing(sleep(5000))
    expect(asked).toBe(4)
    await passing(injections.mend())
    expect(kinds(history)).toEqual(['fault-mended'])
  })

  test('is not lost while it is being put in force again on a host that restarts', async () => {
    using history = new Recorder()
    using injections = await injected(history)
    let there = false
    still = async () => (there ? null : 'its table is gone')
    apply = async () => {
      await sleep(3000)
      there = true
    }
    history.record(restart)
    await passing(sleep(6000))
    expect(kinds(history)).toEqual(['fault-again'])
    await passing(injections.mend())
    expect(kinds(history)).toEqual(['fault-again', 'fault-mended'])
  })

  test('is not lost by what another fault of the run does to its host, nor by a reset of its watchdog', async () => {
    for (const event of [
      {kind: 'fault-mending', id: 'other', mend: {do: 'resume-processes', host: 'node1'}},
      {kind: 'watchdog', host: 'node1', state: 'fired', timeoutSeconds: 15, leftMicros: null},
    ] as const) {
      using history = new Recorder()
      still = async () => null
      using injections = await injected(history)
      await passing(sleep(1500))
      still = async () => 'it goes on'
      history.record(event)
      await passing(sleep(3000))
      await passing(injections.mend())
      expect(lost(history)).toEqual([])
    }
  })

  test('of what a later fault lays over it nothing is said', async () => {
    using history = new Recorder()
    using injections = await injected(history)
    let asked = 0
    // Both are mended by starting the same host.
    await passing(injections.inject([{...step, as: 'second'}]))
    still = async () => {
      asked++
      return null
    }
    await passing(sleep(3500))
    expect(asked).toBe(3)
    expect(lost(history)).toEqual([])
    await passing(injections.mend())
  })
})

describe('the faults themselves see on a lab that is at rest', () => {
  const host = () => world.host('node1')
  const seen = async (one: Still) => {
    await using lasting = new OpenSight(lab)
    return passing(one(lasting))
  }

  test('a host that was started, unpaused, plugged in or freed by somebody else', async () => {
    const ways = [
      [stillOff('node1'), () => host().goDown(137), () => host().comeUp(), 'the engine says that node1 runs'],
    ] as const
    for (const [one, break_, end, says] of ways) {
      break_()
      expect(await seen(one)).toBeNull()
      end()
      expect(await seen(one)).toBe(says)
    }
  })

  test('what a shell prints, and that nobody knows when there is none', async () => {
    const one = stillPrints('node1', 'whats-broken', 'down etcd', 'etcd is no longer held down')
    host().down.add('etcd')
    expect(await seen(one)).toBeNull()
    host().down.clear()
    expect(await seen(one)).toBe('etcd is no longer held down')
    host().goDown(137)
    await expect(seen(one)).rejects.toThrow()
  })
})

describe('faults that come together', () => {
  const second = {...step, on: 'node2', as: 'second', together: true} as const
  /** How long each takes to get ready, and what hinders it then. */
  const ready = new Map<string, number | Error>()
  const slow: Fault<object> = {
    ...cut,
    async inject({id, hosts: [host], mend, broke, proof}) {
      const wait = ready.get(id) ?? 0
      await mend({do: 'start-host', host: host!}, async () => null)
      if (typeof wait !== 'number') throw wait
      await sleep(wait)
      await broke(async () => void told.push(`${id} breaks`))
      proof(true, 'cut')
    },
  }
  Object.assign(faults, {slow})
  const pair = [
    {...step, fault: 'slow'},
    {...second, fault: 'slow'},
  ] as const
  beforeEach(() => ready.clear())
  const at = (history: Recorder) =>
    history.events.flatMap(event => (event.kind === 'fault-injecting' ? [[event.id, event.at] as const] : []))

  test('break at one moment, when the last of them is ready, and the moment is chosen once, then, for all', async () => {
    ready.set('cut', 20).set('second', 700)
    using history = new Recorder()
    const moments: number[] = []
    using injections = new Injections(lab, history, new AbortController().signal, async strikes => {
      expect(strikes).toHaveLength(2)
      expect(told).toEqual([])
      moments.push(history.now())
      await sleep(300)
    })
    const begun = history.now()
    expect(await passing(injections.inject(pair))).toMatchObject([{ok: true}, {ok: true}])
    expect(told).toEqual(['cut breaks', 'second breaks'])
    expect(moments).toHaveLength(1)
    const [[, first], [, last]] = at(history) as [readonly [string, number], readonly [string, number]]
    expect(last).toBe(first)
    expect(first - begun).toBeGreaterThanOrEqual(1_000_000)
    expect(inForce(lab.name).map(one => one.fault)).toEqual(['second', 'cut'])
    await passing(injections.mend(fault => fault === 'cut'))
    expect(inForce(lab.name).map(one => one.fault)).toEqual(['second'])
    await passing(injections.mend())
  })

  test('none breaks when one of them cannot begin; what was prepared is mended', async () => {
    ready.set('second', new Error('no shell'))
    using history = new Recorder()
    using injections = new Injections(lab, history, new AbortController().signal)
    await expect(passing(injections.inject(pair))).rejects.toThrow('no shell')
    expect(told).toEqual([])
    expect(at(history)).toEqual([])
    expect(inForce(lab.name)).toHaveLength(2)
    await passing(injections.mend())
    expect(inForce(lab.name)).toEqual([])
  })

  test('none breaks when the run is interrupted while one of them is getting ready', async () => {
    ready.set('second', 500)
    const interrupt = new AbortController()
    using history = new Recorder()
    using injections = new Injections(lab, history, interrupt.signal)
    setTimeout(() => interrupt.abort(new Error('interrupted')), 100)
    await expect(passing(injections.inject(pair))).rejects.toThrow('interrupted')
    expect(told).toEqual([])
    await passing(injections.mend())
    expect(inForce(lab.name)).toEqual([])
  })

  test('one may be done to whom the one before it means, and one that breaks nothing is not waited for', async () => {
    const idle: Fault<object> = {...cut, async inject() {}}
    Object.assign(faults, {idle})
    using history = new Recorder()
    using injections = new Injections(lab, history, new AbortController().signal)
    const results = await passing(injections.inject([pair[0], {...second, fault: 'idle', on: 'cut'}]))
    expect(results.map(one => one.ok)).toEqual([true, false])
    expect(told).toEqual(['cut breaks'])
    await passing(injections.mend())
  })
})
