/**
 * What `judge` takes as a person calls it, process and all, for a long record: the wall's time, CPU time and the peak of its memory.
 *
 *     node test/bench/judge-memory.ts [events, 1060000] [rounds, 5] [another built checkout]
 *
 * A million events are 184 MB, for which its target is 300 MB of memory; 3600000 are a file of more than 600. Of another checkout, an older one, it tells the same, in turns, and how
 * they compare. Both have to be built (`npm run build`).
 */
import {spawnSync} from 'node:child_process'
import {mkdtempSync, readFileSync, rmSync, statSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join, resolve} from 'node:path'
import {recordLong} from './long-record.ts'
import {spread} from './spread.ts'

const [events = '1060000', rounds = '5', other] = process.argv.slice(2)
const targetMegabytes = 300
const here = resolve(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'pgha-judge-memory-'))
const file = join(folder, 'events.ndjson')
const told = join(folder, 'told')
/** Its last act: to say what it has used. */
const telling = `data:text/javascript,${encodeURIComponent(`
import {writeFileSync} from 'node:fs'
process.on('exit', () => {
  const {maxRSS, userCPUTime, systemCPUTime} = process.resourceUsage()
  writeFileSync(${JSON.stringify(told)}, JSON.stringify({megabytes: maxRSS / 1024, cpu: (userCPUTime + systemCPUTime) / 1e6}))
})`)}`

interface Taken {
  readonly wall: number
  readonly cpu: number
  readonly megabytes: number
}

const checkouts = other === undefined ? [here] : [here, resolve(other)]
try {
  const count = recordLong(file, Number(events))
  console.log(`${count} events, ${(statSync(file).size / 2 ** 20).toFixed(0)} MB, ${rounds} rounds`)
  const taken = new Map<string, Taken[]>(checkouts.map(root => [root, []]))
  for (let round = 0; round < Number(rounds); round++)
    for (const root of checkouts) taken.get(root)?.push(judgedBy(root))
  for (const [root, all] of taken) {
    console.log(root)
    console.log(
      `  wall   ${spread(
        all.map(one => one.wall),
        's',
      )}`,
    )
    console.log(
      `  CPU    ${spread(
        all.map(one => one.cpu),
        's',
      )}`,
    )
    console.log(
      `  memory ${spread(
        all.map(one => one.megabytes),
        'MB',
        0,
      )}`,
    )
  }
  const most = Math.max(...taken.get(here)!.map(one => one.megabytes))
  console.log(`target ${targetMegabytes} MB for a million; at most ${most.toFixed(0)} MB here`)
  process.exitCode = count > 1.2e6 || most <= targetMegabytes ? 0 : 1
} finally {
  rmSync(folder, {recursive: true})
}

function judgedBy(root: string): Taken {
  const began = performance.now()
  const {status, stderr} = spawnSync(join(root, 'pgha-lab'), ['judge', file], {
    encoding: 'utf8',
    env: {...process.env, NODE_OPTIONS: `--import ${telling}`},
  })
  if (status !== 0) throw new Error(`judge ended with ${status}: ${stderr}`)
  return {wall: (performance.now() - began) / 1000, ...(JSON.parse(readFileSync(told, 'utf8')) as Omit<Taken, 'wall'>)}
}
