/** The hosts of the cluster, one row each, and what the proxies think of them. */
import type {Micros} from '../../lab/index.ts'
import {sayBytes} from '../../lab/inside/start.ts'
import {etcdMembers, isCounted, quorumHeard} from './etcd-quorum.ts'
import {seconds} from './format.ts'
import {Line} from './line.tsx'
import {type Look, type Signs, words} from './look.ts'
import {roleOf, type ShownRole, stateOf} from './shown-role.ts'
import {Text} from './text.tsx'
import {bad, signOf} from './theme.ts'
import type {Backend, Member, View} from './view.ts'

const signOfRole: Readonly<Record<ShownRole, keyof Signs>> = {
  leader: 'leader',
  primary: 'leader',
  'read-only': 'leader',
  promoting: 'leader',
  replica: 'replica',
  stopped: 'stopped',
  paused: 'paused',
  starting: 'pending',
  silent: 'unknown',
  unknown: 'unknown',
  etcd: 'replica',
}

/** State is told by sign and word; the colour only repeats it. */
function roleSign(role: ShownRole) {
  switch (role) {
    case 'leader':
      return signOf.good
    case 'replica':
      return signOf.follows
    case 'stopped':
    case 'silent':
      return signOf.bad
    case 'primary':
    case 'read-only':
    case 'promoting':
    case 'paused':
    case 'starting':
      return signOf.waits
    default:
      return {}
  }
}

export function roleLetters(role: ShownRole) {
  return role === 'stopped' || role === 'silent' ? bad : {}
}

interface Props {
  readonly look: Look
  readonly view: View
  readonly now: Micros
  readonly columns: number
}

/** From so many on each value has a place of its own, whether or not there is one. */
const wideFrom = 76

export function Members({look, view, now, columns}: Props) {
  const widest = Math.max(...view.members.map(one => one.host.length), 4)
  const Row = columns >= wideFrom ? MemberRow : NarrowRow
  return view.members.map(one => (
    <Row key={one.host} look={look} view={view} now={now} columns={columns} one={one} widest={widest} />
  ))
}

type RowProps = Props & {readonly one: Member; readonly widest: number}

function MemberRow({look, view, now, one, widest}: RowProps) {
  const fault = faultOf(view, one, now)
  return (
    <Line look={look}>
      <Who look={look} view={view} one={one} widest={widest} />
      {words(look, stateOf(view, one)).slice(0, 9).padEnd(10)}
      <Text dimColor>TL </Text>
      {String(one.timeline ?? '-').padEnd(3)}
      <Text dimColor>lag </Text>
      {(one.lagBytes === null ? '-' : sayBytes(one.lagBytes)).padEnd(7)}
      {isHolder(view, one) ? <Text bold>key{'  '}</Text> : view.syncStandbys.includes(one.host) ? 'sync ' : '     '}
      <Text dimColor>
        {(leaseLeft(view, now, one) ?? '').padEnd(10)}
        {(watchdogLeft(now, one) ?? '').padEnd(7)}
      </Text>
      {fault !== null && (
        <Text {...bad} bold>
          {words(look, fault)}
        </Text>
      )}
    </Line>
  )
}

/** What counts down, and what is broken, before what has no room: a value that does not fit whole is left out. */
function NarrowRow({look, view, now, columns, one, widest}: RowProps) {
  const fault = faultOf(view, one, now)
  const held = leaseLeft(view, now, one) ?? (isHolder(view, one) ? 'key' : '')
  const counted = `${(held || (view.syncStandbys.includes(one.host) ? 'sync' : '')).padEnd(9)} ${(watchdogLeft(now, one) ?? '').padEnd(6)} `
  const state = stateOf(view, one)
  const others = [
    one.timeline === null ? '' : `TL ${one.timeline}`,
    one.lagBytes === null ? ' '.repeat(8) : `lag ${sayBytes(one.lagBytes).replaceAll(' ', '')}`.padEnd(8),
    state === '-' ? '' : words(look, state).slice(0, 9),
  ]
  const taken = 2 + widest + 1 + columnsOfRole + counted.length + (fault === null ? 0 : fault.length + 1)
  return (
    <Line look={look}>
      <Who look={look} view={view} one={one} widest={widest} />
      <Text dimColor>{counted}</Text>
      {fault !== null && <Text {...bad} bold>{`${words(look, fault)} `}</Text>}
      {asManyAs(others, columns - taken)}
    </Line>
  )
}

function asManyAs(values: readonly string[], columns: number): string {
  const fits = values.findLastIndex(
    (_, last) =>
      values
        .slice(0, last + 1)
        .join(' ')
        .trimEnd().length <= columns,
  )
  return values.slice(0, fits + 1).join(' ')
}

/** The longest word and a blank. */
const columnsOfRole = 10

function Who({look, view, one, widest}: Pick<RowProps, 'look' | 'view' | 'one' | 'widest'>) {
  const role = roleOf(view, one)
  return (
    <Text>
      <Text {...roleSign(role)}>{look.signs[signOfRole[role]]} </Text>
      <Text bold>{one.host.padEnd(widest)} </Text>
      <Text {...roleLetters(role)}>{role.padEnd(columnsOfRole)}</Text>
    </Text>
  )
}

function isHolder({holder, otherHolder}: View, {host}: Member): boolean {
  return holder === host || otherHolder === host
}

/** `kill 13.0 s`; null: none is in force there. */
function faultOf({faults}: View, {host}: Member, now: Micros): string | null {
  const fault = faults.find(({hosts}) => hosts.includes(host))
  return fault === undefined ? null : `${fault.fault} ${seconds(now - fault.since)}`
}

/** Both in whole seconds: they change with every refresh, and nobody reads tenths. */
function leaseLeft(view: View, now: Micros, {host}: Member): string | null {
  if (view.holder !== host || view.lease === null) return null
  return `lease ${isCounted(view) ? wholeSeconds(view.lease.expiresAt - now) : ' ? '}`
}

function watchdogLeft(now: Micros, {firesAt}: Member): string | null {
  return firesAt === null ? null : `wd ${wholeSeconds(firesAt - now)}`
}

function wholeSeconds(left: Micros): string {
  return `${String(Math.max(0, Math.ceil(left / 1e6))).padStart(2)}s`
}

interface SurroundingsProps extends Omit<Props, 'now'> {
  /** With the quorum as it is heard, where nothing else tells it. */
  readonly quorum?: boolean
}

/** Below the members: etcd on every host that has one, and what the proxies think. */
export function Surroundings({look, view, columns, quorum = false}: SurroundingsProps) {
  return (
    <>
      <EtcdRow look={look} view={view} columns={columns} quorum={quorum} />
      <Routes look={look} view={view} columns={columns} />
    </>
  )
}

export function surroundingRows(view: View): number {
  return 1 + routes(view).length
}

/** Fits `proxy1 replicas`, so that the hosts stand below each other. */
const labelColumns = 16

function EtcdRow({look, view, columns, quorum = false}: SurroundingsProps) {
  const members = etcdMembers(view)
  const lost = quorum && quorumHeard(view)?.isLost === true
  const gap = gapOf(
    members.map(({host}) => host),
    columns,
  )
  return (
    <Line look={look}>
      <Text {...(lost ? {...bad, bold: true} : {dimColor: true})}>
        {(quorum ? `etcd ${quorumSays(view)}` : 'etcd').padEnd(labelColumns)}
      </Text>
      {members.map(one => (
        <Text key={one.host}>
          {one.host} <EtcdState look={look} view={view} one={one} />
          {gap}
        </Text>
      ))}
    </Line>
  )
}

/** What stands behind each of these hosts and its state: a blank less where there is no room for more. */
function gapOf(hosts: readonly string[], columns: number): string {
  return hosts.reduce((sum, host) => sum + host.length + 3 + columnsOfWord, labelColumns) <= columns ? ' ' : ''
}

/** `quorum 2/3` */
function quorumSays(view: View): string {
  const heard = quorumHeard(view)
  if (heard === null || heard.isLost === null) return 'quorum ?'
  return `${heard.isLost ? 'LOST' : 'quorum'} ${heard.led}/${heard.members}`
}

function EtcdState({look, view, one}: {look: Look; view: View; one: Member}) {
  const {signs} = look
  if (one.container === 'stopped' || one.etcdUp === false)
    return <Status sign={signs.stopped} word="down" letters={bad} paint={signOf.bad} />
  if (one.etcdUp === null) return <Status sign={signs.unknown} word="" letters={{dimColor: true}} />
  if (view.etcdLeader?.host === one.host) return <Status sign={signs.leader} word="leads" paint={signOf.good} />
  return <Status sign={signs.replica} word="up" />
}

/** The longest word, and two blanks. */
const columnsOfWord = 7

/** Equally wide, so that the hosts stand below each other. */
function Status({
  sign,
  word,
  paint = {},
  letters = {},
}: {
  sign: string
  word: string
  paint?: {color?: string}
  letters?: {color?: string; dimColor?: boolean}
}) {
  return (
    <Text {...letters}>
      <Text {...paint}>{sign}</Text> {word.padEnd(columnsOfWord - 1)}
    </Text>
  )
}

/** One row for each backend of each proxy. A server that is down in the `replicas` may just be the leader. */
function Routes({look, view, columns}: Omit<Props, 'now'>) {
  const groups = routes(view)
  return groups.map(group => (
    <Line key={`${group[0].proxy} ${group[0].backend}`} look={look}>
      <Text dimColor>{`${group[0].proxy} ${group[0].backend} `.padEnd(labelColumns)}</Text>
      {group.map(one => (
        <Text key={one.server}>
          {one.server}{' '}
          {one.up ? (
            <Status sign={look.signs.up} word="UP" paint={signOf.good} />
          ) : (
            <Status sign={look.signs.down} word="down" letters={{dimColor: true}} />
          )}
          {gapOf(
            group.map(({server}) => server),
            columns,
          )}
        </Text>
      ))}
    </Line>
  ))
}

function routes(view: View): readonly (readonly [Backend, ...Backend[]])[] {
  const groups = Object.values(Object.groupBy(view.backends, one => `${one.proxy} ${one.backend}`))
  return groups.filter((group): group is [Backend, ...Backend[]] => group !== undefined && group.length > 0)
}
