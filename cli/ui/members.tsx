/** The hosts of the cluster, one row each, and what the proxies think of them. */
import type {Micros} from '../../lab/index.ts'
import {sayBytes} from '../../lab/inside/start.ts'
import {etcdMembers, isCounted} from './etcd-quorum.ts'
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
  /** With what is left of the lease, and of each watchdog. */
  readonly counts?: boolean
}

export function Members({look, view, now, counts = false}: Props) {
  const widest = Math.max(...view.members.map(one => one.host.length), 4)
  return view.members.map(one => (
    <MemberRow key={one.host} look={look} view={view} now={now} one={one} widest={widest} counts={counts} />
  ))
}

function MemberRow({look, view, now, one, widest, counts = false}: Props & {one: Member; widest: number}) {
  const role = roleOf(view, one)
  const fault = view.faults.find(({hosts}) => hosts.includes(one.host))
  return (
    <Line look={look}>
      <Text {...roleSign(role)}>{look.signs[signOfRole[role]]} </Text>
      <Text bold>{one.host.padEnd(widest)} </Text>
      <Text {...roleLetters(role)}>{role.padEnd(9)} </Text>
      {words(look, stateOf(view, one)).slice(0, 9).padEnd(10)}
      <Text dimColor>TL </Text>
      {String(one.timeline ?? '-').padEnd(3)}
      <Text dimColor>lag </Text>
      {(one.lagBytes === null ? '-' : sayBytes(one.lagBytes)).padEnd(7)}
      {view.holder === one.host || view.otherHolder === one.host ? (
        <Text bold>key{'  '}</Text>
      ) : view.syncStandbys.includes(one.host) ? (
        'sync '
      ) : (
        '     '
      )}
      {counts && <Countdowns view={view} now={now} one={one} />}
      {fault ? (
        <Text {...bad} bold>
          {words(look, fault.fault)} {seconds(now - fault.since)}
        </Text>
      ) : null}
    </Line>
  )
}

/** Both in whole seconds: they change with every refresh, and nobody reads tenths. */
function Countdowns({view, now, one}: Pick<Props, 'view' | 'now'> & {one: Member}) {
  const lease = view.holder === one.host && view.lease !== null ? view.lease.expiresAt - now : null
  const watchdog = one.firesAt === null ? null : one.firesAt - now
  return (
    <Text dimColor>
      {lease === null ? '          ' : `lease ${isCounted(view) ? wholeSeconds(lease) : ' ? '} `}
      {watchdog === null ? '      ' : `wd ${wholeSeconds(watchdog)}`}{' '}
    </Text>
  )
}

function wholeSeconds(left: Micros): string {
  return `${String(Math.max(0, Math.ceil(left / 1e6))).padStart(2)}s`
}

/** Below the members: etcd on every host that has one, and what the proxies think. */
export function Surroundings({look, view}: Omit<Props, 'now'>) {
  return (
    <>
      <EtcdRow look={look} view={view} />
      <Routes look={look} view={view} />
    </>
  )
}

export function surroundingRows(view: View): number {
  return 1 + routes(view).length
}

/** Fits `proxy1 replicas`, so that the hosts stand below each other. */
const labelColumns = 16

function EtcdRow({look, view}: Omit<Props, 'now'>) {
  return (
    <Line look={look}>
      <Text dimColor>{'etcd'.padEnd(labelColumns)}</Text>
      {etcdMembers(view).map(one => (
        <Text key={one.host}>
          {one.host} <EtcdState look={look} view={view} one={one} />
        </Text>
      ))}
    </Line>
  )
}

function EtcdState({look, view, one}: {look: Look; view: View; one: Member}) {
  const {signs} = look
  if (one.container === 'stopped' || one.etcdUp === false)
    return <Status sign={signs.stopped} word="down" letters={bad} paint={signOf.bad} />
  if (one.etcdUp === null) return <Status sign={signs.unknown} word="" letters={{dimColor: true}} />
  if (view.etcdLeader?.host === one.host) return <Status sign={signs.leader} word="leads" paint={signOf.good} />
  return <Status sign={signs.replica} word="up" />
}

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
      <Text {...paint}>{sign}</Text> {word.padEnd(7)}
    </Text>
  )
}

/** One row for each backend of each proxy. A server that is down in the `replicas` may just be the leader. */
function Routes({look, view}: Omit<Props, 'now'>) {
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
        </Text>
      ))}
    </Line>
  ))
}

function routes(view: View): readonly (readonly [Backend, ...Backend[]])[] {
  const groups = Object.values(Object.groupBy(view.backends, one => `${one.proxy} ${one.backend}`))
  return groups.filter((group): group is [Backend, ...Backend[]] => group !== undefined && group.length > 0)
}
