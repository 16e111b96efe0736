/** The clients on the screen of `watch`: those of a run that another command plays, else the light load of its own. */
import type {LoadTold, Micros} from '../../lab/index.ts'
import {brief, Clients, clientRows} from './clients.tsx'
import {count, seconds} from './format.ts'
import {Line} from './line.tsx'
import {type Look, words} from './look.ts'
import {sayLoad} from './say-load.ts'
import {Section} from './section.tsx'
import {Text} from './text.tsx'
import {bad} from './theme.ts'
import {lastSecond, longestGap, openGap} from './throughput.ts'
import type {View} from './view.ts'
import {type WriterGroup, writerGroups} from './writers.ts'

interface Props {
  readonly look: Look
  /** Whose clients they are: the run's, or those of the load. */
  readonly view: View
  readonly now: Micros
  /** Null: nobody asked for it. */
  readonly load: LoadTold | null
  /** They are a run's, which the load waits for. */
  readonly ofRun: boolean
  readonly columns: number
  /** With the title. */
  readonly rows: number
}

/** Its title, and everything in one line. */
export const leastClientRows = 2

/** The rows with which all of it is told. */
export function wholeClientRows(view: View, columns: number): number {
  return 1 + clientRows(columns - 2) + writerGroups(view.writers, null, 0).length
}

export function WatchClients({look, view, now, load, ofRun, columns, rows}: Props) {
  // While an outage goes on nobody knows what is lost in it.
  const isCounted = openGap(view.clients, now) === null
  const isWhole = rows >= wholeClientRows(view, columns)
  return (
    <Section look={look} title={words(look, titleOf(view, load, ofRun))} columns={columns} rows={rows}>
      {isWhole ? (
        <>
          <Clients look={look} clients={view.clients} now={now} columns={columns - 2}>
            {load !== null && !ofRun && isCounted && <Lost lost={load.lost} />}
          </Clients>
          {writerGroups(view.writers, view.failover, now).map(group => (
            <GroupRow
              key={`${group.driver} ${group.through}`}
              look={look}
              group={group}
              writing={view.clients.writing}
            />
          ))}
        </>
      ) : (
        <InOneLine look={look} view={view} now={now} load={ofRun ? null : load} />
      )}
    </Section>
  )
}

function titleOf(view: View, load: LoadTold | null, ofRun: boolean): string {
  if (ofRun) return `Clients of ${view.scenario}${load === null ? '' : '; the load waits until it is over'}`
  return `Clients: ${load === null ? 'none' : sayLoad({...load, lost: 0})}`
}

/** What was acknowledged and is not there afterwards. */
function Lost({lost}: {lost: number | null}) {
  if (lost === null) return <Text bold>{'   lost ? (not read yet)'}</Text>
  return lost === 0 ? <Text dimColor>{'   lost 0'}</Text> : <Text {...bad} bold>{`   LOST ${count(lost)}`}</Text>
}

function GroupRow({look, group, writing}: {look: Look; group: WriterGroup; writing: boolean}) {
  const {driver, through, clients, heard, out, outFor, outage, reconnection} = group
  return (
    <Line look={look}>
      {words(look, `${driver} through ${through}`).padEnd(24)}
      {!writing ? (
        <Text dimColor>at rest</Text>
      ) : out > 0 ? (
        <Text {...bad} bold>{`${out} of ${clients} WITHOUT WRITES for ${seconds(outFor)}`}</Text>
      ) : (
        <Text>{`${heard} of ${clients} write`}</Text>
      )}
      {outage !== null && `   last outage ${seconds(outage)}`}
      {reconnection !== null && `   reconnected in ${seconds(reconnection)}`}
    </Line>
  )
}

function InOneLine({look, view, now, load}: Pick<Props, 'look' | 'view' | 'now' | 'load'>) {
  const gap = openGap(view.clients, now)
  const {write, read} = view.clients.counts
  return (
    <Line look={look}>
      {brief(lastSecond(view.clients, now))}
      {'  '}
      {gap === null ? (
        <Text dimColor>longest gap {seconds(longestGap(view.clients, now))}</Text>
      ) : (
        <Text {...bad} bold>
          NO WRITES for {seconds(gap)}
        </Text>
      )}
      <Text dimColor>
        {'  '}fail {write.fail + read.fail}, unknown {write.unknown + read.unknown}
      </Text>
      {load !== null && gap === null && <Lost lost={load.lost} />}
    </Line>
  )
}
