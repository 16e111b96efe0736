/**
 * How long the call of each fault took in the runs that are recorded, from the moment right before it to its return, and until its effect
 * was seen: node test/bench/injection.ts [folder of runs, test/histories]
 * Nothing is measured anew, so it can be asked anywhere.
 */
import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {gunzipSync} from 'node:zlib'
import type {Event, Of} from '../../lab/history/event.ts'
import {spread} from './spread.ts'

const [folder = join(import.meta.dirname, '..', 'histories')] = process.argv.slice(2)
const took = new Map<string, {call: number[]; seen: number[]}>()
for (const file of readdirSync(folder).filter(one => one.endsWith('.ndjson.gz'))) {
  const lines = gunzipSync(readFileSync(join(folder, file)))
    .toString()
    .split('\n')
  const told = lines.filter(line => line.includes('"fault-')).map(line => JSON.parse(line) as Event)
  const after = <K extends 'fault-injected' | 'fault-proof'>(kind: K, {id, at}: Of<'fault-injecting'>) =>
    told.find((one): one is Of<K> => one.kind === kind && one.id === id && one.at >= at)
  for (const begun of told.filter(one => one.kind === 'fault-injecting')) {
    // `crash: kill host on leader`, without its step and whom it hit.
    const fault = begun.what.replace(/^[a-z-]+: /, '').replace(/ on .*$/, '')
    const {call, seen} = took.get(fault) ?? {call: [], seen: []}
    took.set(fault, {call, seen})
    const [returned, proved] = [after('fault-injected', begun), after('fault-proof', begun)]
    if (returned !== undefined) call.push((returned.at - begun.at) / 1000)
    if (proved !== undefined) seen.push((proved.at - begun.at) / 1000)
  }
}
for (const [fault, {call, seen}] of [...took].toSorted(([a], [b]) => (a < b ? -1 : 1)))
  console.log(`${fault.slice(0, 44).padEnd(44)} call ${spread(call, 'ms', 0)}; seen ${spread(seen, 'ms', 0)}`)
