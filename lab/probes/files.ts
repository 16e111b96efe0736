/** Whether each host's services still have the files that the lab gave them: whoever changes one changes what a run is about. */
import {createHash} from 'node:crypto'
import {caFile, certificateFile} from '../../compose/keys.ts'
import {filesOf} from '../../compose/services.ts'
import {openShell, type Shell} from '../cluster/shell.ts'
import type {Of} from '../history/event.ts'
import type {Host} from '../topology/topology.ts'
import {isDown} from './down.ts'
import {every} from './every.ts'
import type {Probe, ProbeSite} from './probe.ts'

const periodMs = 1000

/** Looks once a second; an event for each file at first, and whenever it is otherwise. The probe `containers` tells that somebody looks. */
export const files: Probe = {
  name: 'files',
  async run(on) {
    await Promise.all(on.lab.topology.hosts.map(host => watch(on, host)))
  },
}

async function watch(on: ProbeSite, host: Host): Promise<void> {
  const {topology, allocation} = on.lab
  const given = new Map(filesOf(topology, allocation, host).map(({target, text}) => [target, digestOf(text)]))
  if (given.size === 0) return
  const script = [...given.keys()]
    .map(file => `if [ -e ${file} ]; then sha256sum ${file} || :; else echo '${gone} ${file}'; fi`)
    .join('\n')
  const known = new Map<string, Of<'file'>['as']>()
  let shell: Shell | undefined
  const hangUp = async () => {
    await shell?.[Symbol.asyncDispose]()
    shell = undefined
  }
  on.signal.addEventListener('abort', hangUp, {once: true})
  await every(periodMs, on, async () => {
    if (isDown(on, host.name)) return hangUp()
    let found: ReadonlyMap<string, string>
    try {
      shell ??= await openShell(on.lab, host.name)
      found = parseDigests(await shell.run(script))
      const own = found.get(certificateFile)
      if (own !== undefined && own !== given.get(certificateFile) && (await isOfLabsCa(shell)))
        given.set(certificateFile, own)
    } catch {
      await hangUp() // the host is down, or the engine is away: it is looked at again
      return
    }
    if (on.signal.aborted) return
    for (const [file, digest] of given) {
      const is = found.get(file)
      // Of one that was not read (a host that goes down ends whatever runs there) nothing is known.
      if (is === undefined) continue
      const as = is === gone ? 'gone' : is === digest ? 'given' : 'changed'
      if (known.get(file) === as) continue
      known.set(file, as)
      on.record({kind: 'file', host: host.name, file, as})
    }
  })
  await hangUp()
}

/** In the place of a digest. */
const gone = '-'

/** One that is renewed by the CA of the lab, whose key is on no host, changes nothing of what a run is about. */
async function isOfLabsCa(shell: Shell): Promise<boolean> {
  const verified = `openssl verify -CAfile ${caFile} ${certificateFile} > /dev/null 2>&1 && echo yes || :`
  return (await shell.run(verified)).trim() === 'yes'
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** By the file's name; `-` for one that is not there. Throws for any other line. */
export function parseDigests(printed: string): ReadonlyMap<string, string> {
  return new Map(
    printed
      .split('\n')
      .filter(line => line !== '')
      .map(line => {
        const match = /^([0-9a-f]{64}|-) [ *]?(\/.+)$/.exec(line)
        if (match === null) throw new Error(`\`sha256sum\` printed ${line}`)
        return [match[2]!, match[1]!]
      }),
  )
}
