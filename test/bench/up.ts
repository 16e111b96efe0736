/**
 * How long `up` takes with the images built and cold data, profile fast or as the words for `up` say:
 *
 *     node test/bench/up.ts [times] [--profile default] [--set hosts.etcd1=etcd --set hosts.etcd2=etcd]
 *
 * Measured by the command itself: from its first look at the engine until a write through HAProxy is committed.
 */
import {expectExit} from '../live/cli.ts'
import {spread} from './spread.ts'

const [times = '5', ...words] = process.argv.slice(2)
const wanted = words.includes('--profile') ? words : ['--profile', 'fast', ...words]
const lab = ['--name', 'bench-up']
const writable: number[] = []
const took: number[] = []
const again: number[] = []
for (let round = 0; round < Number(times); round++) {
  await expectExit(0, ['down', ...lab])
  const {out} = await expectExit(0, ['up', ...lab, ...wanted, '--json'])
  const raised = JSON.parse(out) as {tookMs: number; writableMs: number}
  writable.push(raised.writableMs / 1000)
  took.push(raised.tookMs / 1000)
  const second = await expectExit(0, ['up', ...lab, '--json'])
  again.push((JSON.parse(second.out) as {tookMs: number}).tookMs / 1000)
}
await expectExit(0, ['down', ...lab])
console.log(`up ${wanted.join(' ')}`)
console.log(`up, cold data, images built: 3 members stream, a write committed: ${spread(writable, 's')}`)
console.log(`                             the read-only routes are up too:     ${spread(took, 's')}`)
console.log(`up, run again:               ${spread(again, 's')}`)
