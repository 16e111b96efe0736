import {Docker, heal, inject, judge, lockLab, observe, openOurs, Recorder, untilHealthy} from '../lab/index.ts'

const [name = 'lab'] = process.argv.slice(2)
await using lab = await openOurs(new Docker(), name)
using _lock = lockLab(name, 'my story')
const signal = AbortSignal.timeout(300_000)
await heal(lab)
await untilHealthy(lab, {withinMs: 120_000, signal})

using history = new Recorder('events.ndjson')
{
  await using watch = await observe(lab, history, {
    clients: [{kind: 'writers', count: 4, perSecond: 100, through: 'primary'}],
    expect: [
      {check: 'no-failover', params: {}},
      {check: 'no-lost-writes', params: {}},
      {check: 'recovered', params: {within: '1m'}},
    ],
    signal,
  })
  await watch.steady()
  {
    await using frozen = await inject(lab, history, 'pause', {on: 'replica', params: {what: 'postgres'}, signal})
    console.log(`PostgreSQL on ${frozen.hosts} stands still`) // and here is what is to be seen of your own program
  } // it runs again
  await watch.settle()
}
const {verdict, headline} = judge(history.sealed())
console.log(`${verdict}: ${headline}`)
