/** The clients on the screen of `watch`: those of a run that another command plays, else the light load of its own. */
import type {LoadTold, Micros} from '../../lab/index.ts'
import {brief, Clients, clientRows, WritesGraph} from './clients.tsx'
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

/** Its title, the graph of the writes, and the rest in one line. */
export const drawnClientRows = 3

/** With each group of writers besides. */
export function groupedClientRows(view: View): number {
  return drawnClientRows + groupsOf(view)
}

/** The rows with which all of it is told. */
export function wholeClientRows(view: View, columns: number): number {
  return 1 + clientRows(columns - 2) + groupsOf(view)
}

function groupsOf({writers}: View): number {
  return writerGroups(writers, null, 0).length
}

export function WatchClients({look, view, now, load, ofRun, columns, rows}: Props) {
  // While an outage goes on nobody knows what is lost in it.
  const isCounted = openGap(view.clients, now) === null
  const isWhole = rows >= wholeClientRows(view, columns)
  const isGrouped = rows >= groupedClientRows(view)
  return (
    <Section look={look} title={words(look, titleOf(view, load, ofRun))} columns={columns} rows={rows}>
      {isWhole ? (
        <Clients look={look} clients={view.clients} now={now} columns={columns - 2}>
          {load !== null && !ofRun && isCounted && <Lost lost={load.lost} />}
        </Clients>
      ) : (
        <>
          {rows >= drawnClientRows && (
            <WritesGraph look={look} clients={view.clients} now={now} columns={columns - 2} />
          )}
          <InOneLine
            look={look}
            view={view}
            now={now}
            load={ofRun ? null : load}
            isDrawn={rows >= drawnClientRows}
            columns={columns - 2}
          />
        </>
      )}
      {isGrouped &&
        writerGroups(view.writers, view.failover, now).map(group => (
          <GroupRow
            key={`${group.driver} ${group.through}`}
            look={look}
            group={group}
            writing={view.clients.writing}
            columns={columns - 2}
          />
        ))}
    </Section>
  )
}

function titleOf(view: View, load: LoadTold | null, ofRun: boolean): string {
  if (ofRun) return `Clients of ${view.scenario}${load === null ? '' : '; the load waits until it is over'}`
  return `Clients: ${load === null ? 'none' : sayLoad({...load, lost: 0})}`
}

/** What was acknowledged and is not there afterwards. */
function Lost({lost}: {lost: number | null}) {
  if (lost === null) return <Text bold>{'   lost ?'}</Text>
  return lost === 0 ? <Text dimColor>{'   lost 0'}</Text> : <Text {...bad} bold>{`   LOST ${count(lost)}`}</Text>
}

interface GroupProps {
  readonly look: Look
  readonly group: WriterGroup
  readonly writing: boolean
  readonly columns: number
}

/** Columns from which the reconnection is told, and told in full. */
const backFrom = 74
const reconnectedFrom = 84

function GroupRow({look, group, writing, columns}: GroupProps) {
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
      {reconnection !== null &&
        columns >= backFrom &&
        `   ${columns >= reconnectedFrom ? 'reconnected' : 'back'} in ${seconds(reconnection)}`}
    </Line>
  )
}

interface InOneLineProps extends Pick<Props, 'look' | 'view' | 'now' | 'load' | 'columns'> {
  /** The rate of the writes stands at their graph. */
  readonly isDrawn: boolean
}

/** Columns from which the reads have room as well. */
const readsFrom = 72

function InOneLine({look, view, now, load, isDrawn, columns}: InOneLineProps) {
  const gap = openGap(view.clients, now)
  const {write, read} = view.clients.counts
  const rates = lastSecond(view.clients, now)
  return (
    <Line look={look}>
      {isDrawn ? '' : `${brief(rates)}  `}
      {gap === null ? (
        <Text dimColor>longest gap {seconds(longestGap(view.clients, now))}</Text>
      ) : (
        <Text {...bad} bold>
          NO WRITES for {seconds(gap)}
        </Text>
      )}
      <Text dimColor>
        {'  '}fail {count(write.fail + read.fail)}, unknown {count(write.unknown + read.unknown)}
      </Text>
      {load !== null && gap === null && <Lost lost={load.lost} />}
      {isDrawn && columns >= readsFrom && <Text dimColor>{`   reads ${count(rates.reads)}/s`}</Text>}
    </Line>
  )
}
