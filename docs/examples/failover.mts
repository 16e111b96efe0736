/**
 * Whether an app gets through it when the leader's host hangs: `node failover.mts ./app-that-survives.mts`. The app runs here, in this
 * process, and knows nothing of the lab but an address.
 */
import {resolve} from 'node:path'
import {setTimeout as pause} from 'node:timers/promises'
import {pathToFileURL} from 'node:url'
import {raiseLab} from 'pgha-lab'

const [file = './app-that-survives.mts', name = 'example'] = process.argv.slice(2)
const {startApp} = (await import(pathToFileURL(resolve(file)).href)) as {
  startApp(uri: string): Promise<AsyncDisposable>
}

// A proxy that leaves the sessions of a dead server alone, as HAProxy does when nobody says otherwise: letting go is up to the app.
await using lab = await raiseLab({name, set: ['haproxy.on_marked_down=none']})
const relay = await lab.relay({name: 'app'})
await using _app = await startApp(relay.uri)
// Frozen, and so without a word: the kernel of a machine whose processes are killed still closes their connections.
const run = await lab.during({inject: 'pause', what: 'host', on: 'leader'}, () => pause(40_000), {
  expect: [{check: 'clients-reconnect', params: {within: '10s', driver: 'app'}}],
})
for (const {verdict, says, hint} of run.report.findings) console.log(`${verdict}: ${says}${hint ? `\n  ${hint}` : ''}`)
console.log(`evidence: ${run.folder}`)
process.exitCode = run.report.exitCode
