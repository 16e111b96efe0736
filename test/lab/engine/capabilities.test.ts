import {expect, test} from 'vitest'
import {capabilities, missing, type TryingEngine} from '../../../lab/engine/capabilities.ts'
import type {Docker} from '../../../lab/engine/docker.ts'
import type {Topology} from '../../../lab/topology/topology.ts'
import {LabError} from '../../../lab/words/errors.ts'
import {quickRun, topologyOf} from '../checks/history-builder.ts'
import {allocationOf} from '../fake/lab.ts'

/** An engine on which everything works but what the script says. */
class Engine implements TryingEngine {
  tried = 0
  disposed = 0
  readonly scripts: string[] = []
  image = true
  /** Part of a command -> what it says on stderr when it fails. */
  failing: Readonly<Record<string, string>> = {}
  freezes = true
  cpuMax = '50000 100000'
  disconnects = true

  async hasImage() {
    return this.image
  }
  async throwaway() {
    this.tried++
    return {
      id: 'c1',
      [Symbol.asyncDispose]: async () => {
        this.disposed++
      },
    }
  }
  async run(_id: string, argv: readonly string[]) {
    this.scripts.push(argv.join(' '))
    const broken = Object.entries(this.failing).find(([part]) => argv.join(' ').includes(part))
    if (broken) return {code: 2, out: '', err: broken[1]}
    return {code: 0, out: argv.join(' ').includes('cpu.max') ? this.cpuMax : '', err: ''}
  }
  async pause() {}
  async unpause() {}
  async isRunning() {
    return !this.freezes
  }
  async limitCpus() {}
  async unplug() {
    if (!this.disconnects) throw new LabError('engine', 'Docker failed at disconnecting a container: not supported')
  }
}

function labOn(docker: Engine, topology: Topology = topologyOf(quickRun)) {
  return {docker, topology, allocation: allocationOf(topology, {})}
}

test('where everything works nothing is missing, and the container goes again', async () => {
  const engine = new Engine()
  const tried = await capabilities(engine, 'pgha-lab/host:1')
  expect(tried.filter(one => !one.present)).toEqual([])
  expect(tried.map(one => one.capability).toSorted()).toEqual(
    ['cpu-limit', 'delay', 'faketime', 'freezer', 'network-disconnect', 'nftables', 'ptrace', 'tbf'], // in the alphabet's order
  )
  expect(engine.disposed).toBe(1)
})

test('a queue that the kernel does not know is missing, with what the kernel said', async () => {
  const engine = new Engine()
  engine.failing = {netem: 'Error: Specified qdisc kind is unknown.\nmore', 'slow-network': 'no such module'}
  expect(await missing(labOn(engine), ['tbf', 'delay', 'nftables'])).toEqual([
    {
      capability: 'delay',
      why: "the kernel of the engine's machine has no netem (sch_netem): Specified qdisc kind is unknown; nor does it hand packets to a program (NFQUEUE): no such module",
    },
  ])
})

test('where the kernel has no netem, packets are delayed by a program that it hands them to', async () => {
  const engine = new Engine()
  engine.failing = {netem: 'Error: Specified qdisc kind is unknown.'}
  expect(await missing(labOn(engine), ['delay'])).toEqual([])
})

test('an engine that says it did something and did not has not got the capability', async () => {
  const engine = new Engine()
  engine.freezes = false
  engine.cpuMax = 'max 100000'
  engine.disconnects = false
  const gone = await missing(labOn(engine), ['freezer', 'cpu-limit', 'network-disconnect'])
  expect(gone.map(one => one.capability)).toEqual(['freezer', 'cpu-limit', 'network-disconnect'])
  expect(gone[2]?.why).toBe('Docker failed at disconnecting a container: not supported')
})

test('each ability of an image is tried once a process, when it is needed, and one that failed is tried again', async () => {
  const engine = new Engine()
  engine.image = false
  await expect(missing(labOn(engine), ['tbf'])).rejects.toMatchObject({code: 'image', hint: 'pgha-lab doctor --fix'})
  engine.image = true
  await missing(labOn(engine), ['tbf'])
  expect(engine.tried).toBe(1)
  expect(engine.scripts.filter(script => /tbf|netem|nft|strace/.test(script))).toEqual([expect.stringContaining('tbf')])
  engine.failing = {netem: 'unknown', 'slow-network': 'no such module'}
  expect((await missing(labOn(engine), ['delay', 'tbf'])).map(one => one.capability)).toEqual(['delay'])
  expect((await missing(labOn(engine), ['tbf', 'delay'])).map(one => one.capability)).toEqual(['delay'])
  expect(engine.tried).toBe(2)
  expect(engine.scripts.filter(script => script.includes('tbf'))).toHaveLength(1)
})

test('what a topology gives is asked of the topology, and starts no container', async () => {
  const engine = new Engine()
  const plain = topologyOf(quickRun)
  expect((await missing(labOn(engine, plain), ['limited-disk', 'watchdog', 'tls'])).map(one => one.capability)).toEqual(
    ['limited-disk', 'watchdog', 'tls'],
  )
  const equipped = {
    ...plain,
    tls: {etcd: true as const},
    dataBytes: 2 ** 30,
    patroni: {...plain.patroni, watchdog: 'required' as const},
  }
  expect(await missing(labOn(engine, equipped), ['limited-disk', 'watchdog', 'tls'])).toEqual([])
  expect(await missing(labOn(engine), [])).toEqual([])
  expect(engine.tried).toBe(0)
})

test('of several engines each is tried, and one that cannot do it is enough, and named', async () => {
  const [first, second] = [new Engine(), new Engine()]
  second.disconnects = false
  const engines = [Object.assign(first, {name: 'big'}), Object.assign(second, {name: 'small'})] as unknown as Docker[]
  Object.assign(first, {several: {engines}})
  const absent = await missing(labOn(first), ['network-disconnect', 'freezer'])
  expect(absent).toMatchObject([{capability: 'network-disconnect', why: expect.stringMatching(/^small: /)}])
  expect([first.tried, second.tried]).toEqual([1, 1])
})
