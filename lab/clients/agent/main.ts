/**
 * The agent: runs in app1, inside the lab's network, because only there a connection is refused when nobody listens.
 * Bundled with its driver into one file for the Node 20 of Debian 13: nothing newer than that in here.
 */
import {createInterface} from 'node:readline'
import {type AgentConfig, agentLimits, type Command, firstReadId, type Job, refuse} from '../protocol.ts'
import type {Desk} from './client.ts'
import {Group} from './group.ts'
import {Output} from './output.ts'

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
    else configure(value as AgentConfig)
  })
  .on('close', () => stop('stdin ended'))

function configure(config: AgentConfig): void {
  const refusal = refuse(config)
  if (refusal !== null) {
    process.stderr.write(`the agent's configuration is refused: ${refusal}\n`)
    process.exit(2)
  }
  configured = true

  const names: Record<Job, number> = {write: 0, read: 0, bank: 0}
  const ids: Record<Job, number> = {write: 1, read: firstReadId, bank: 1}
  const clients = config.groups.reduce((sum, group) => sum + group.clients, 0)
  const desk: Desk = {
    config,
    // All clients at once knock on the proxy's door during an outage.
    reconnectPauseMs: Math.max(config.reconnectPauseMs, (clients * 1000) / agentLimits.connectsPerSecond),
    clock,
    tell: line => output.tell(line),
    nextName: ({op, direct}) => `${direct ? 'd' : ''}${op[0]}${++names[op]}`,
    nextId: op => ids[op]++,
  }
  const groups = config.groups.map(load => new Group(load, desk))
  const stopAll = (stopping: readonly Group[]) => Promise.all(stopping.map(group => group.stop()))
  let watching: NodeJS.Timeout | undefined

  obey = command => {
    if ('ping' in command) output.tellNow(['pong', command.ping, clock()])
    else if ('go' in command) {
      for (const group of groups) group.start()
      watching = setInterval(tellCounts, 1000)
    } else if ('stopWriters' in command)
      void stopAll(groups.filter(group => group.job !== 'read')).then(() => output.tellNow(['quiet']))
    else stop('asked to stop')
  }
  function tellCounts(): void {
    const counts = groups.map(group => group.takeCounts())
    const sum = (of: 'sent' | 'unsent') => counts.reduce((total, one) => total + one[of], 0)
    output.tell(['w', clock(), sum('sent'), sum('unsent'), Math.max(0, ...counts.map(one => one.worstMicros))])
  }

  stop = says => {
    stop = () => {} // the first reason counts
    clearInterval(watching)
    void stopAll(groups).then(() => {
      if (watching !== undefined) tellCounts()
      return leave(says)
    })
  }
  setTimeout(() => stop('its longest time is over'), config.maxMs)
  output.tellNow(['hi', clock(), process.version])
}

async function leave(says: string): Promise<void> {
  output.tell(['bye', says])
  await output.end()
  process.exit(0)
}
