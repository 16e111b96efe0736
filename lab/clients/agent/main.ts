/**
 * The agent: runs in app1, inside the lab's network, because only there a connection is refused when nobody listens.
 * Bundled with its driver into one file for the Node 20 of Debian 13: nothing newer than that in here.
 */
import './own-runtime.ts'
import {createInterface} from 'node:readline'
import driver from 'pg/package.json' with {type: 'json'}
import {CpuPressure} from './cpu-pressure.ts'
import {Group} from './group.ts'
import {Output} from './output.ts'
import {type AgentConfig, agentLimits, type Command, type Job, refuse} from './protocol.ts'
import {RelayServer} from './relay.ts'
import type {Desk} from './told.ts'

const output = new Output(process.stdout)
const clock = () => Math.round(performance.now() * 1000)

let stop: (says: string) => void = says => leave(says)
let obey: (command: Command) => void = command => {
  throw new Error(`the first line must be the configuration, not ${JSON.stringify(command)}`)
}

let configured = false
createInterface({input: process.stdin})
  .on('line', line => {
    const value = JSON.parse(line) as unknown
    if (configured) obey(value as Command)
    else {
      configured = true
      void configure(value as AgentConfig)
    }
  })
  .on('close', () => stop('stdin ended'))

async function configure(config: AgentConfig): Promise<void> {
  const foreign = config.groups.find(group => group.driver === 'psycopg')
  const refusal = foreign ? 'this agent has pg and pg-pool, not psycopg' : refuse(config)
  if (refusal !== null) giveUp(`the agent's configuration is refused: ${refusal}`)

  const ids: Record<Job, number> = {...config.firstIds}
  const clients = config.groups.reduce((sum, group) => sum + group.clients.length, 0)
  const desk: Desk = {
    config,
    // All clients at once knock on the proxy's door during an outage.
    reconnectPauseMs: Math.max(config.reconnectPauseMs, (clients * 1000) / agentLimits.connectsPerSecond),
    clock,
    tell: line => output.tell(line),
    nextId: op => ids[op]++,
  }
  const groups = config.groups.map(load => new Group(load, desk))
  const relays = config.relays.map(relay => new RelayServer(relay, desk))
  const stopAll = (stopping: readonly Group[]) => Promise.all(stopping.map(group => group.stop()))
  const pressure = new CpuPressure()
  let watching: NodeJS.Timeout | undefined

  obey = command => {
    if ('ping' in command) output.tellNow(['pong', command.ping, clock()])
    else if ('go' in command) {
      for (const group of groups) group.start()
      watching = setInterval(tellCounts, 1000)
    } else if ('stopWriters' in command) {
      for (const relay of relays) relay.quiet()
      void stopAll(groups.filter(group => group.job !== 'read')).then(() => output.tellNow(['quiet']))
    } else stop('asked to stop')
  }
  function tellCounts(): void {
    const counts = [...groups, ...relays].map(one => one.takeCounts())
    const sum = (of: 'sent' | 'unsent') => counts.reduce((total, one) => total + one[of], 0)
    const worst = Math.max(0, ...counts.map(one => one.worstMicros))
    output.tell(['w', clock(), sum('sent'), sum('unsent'), worst, pressure.sinceLast()])
  }

  stop = says => {
    stop = () => {} // the first reason counts
    clearInterval(watching)
    void Promise.all([stopAll(groups), ...relays.map(relay => relay.stop())]).then(() => {
      if (watching !== undefined) tellCounts()
      return leave(says)
    })
  }
  try {
    await Promise.all(relays.map(relay => relay.listen()))
  } catch (error) {
    giveUp(`no relay for programs: ${(error as Error).message}`)
  }
  setTimeout(() => stop('its longest time is over'), config.maxMs)
  output.tellNow(['hi', clock(), `Node ${process.versions.node}`, `pg ${driver.version}`])
}

function giveUp(says: string): never {
  process.stderr.write(`${says}\n`)
  process.exit(2)
}

async function leave(says: string): Promise<void> {
  output.tell(['bye', says])
  await output.end()
  process.exit(0)
}
