/** Which connections of somebody's cluster are in TLS, and where a login is asked for: the lab's own stand on the same ones. */
import {dcsOf, type PatroniFile} from '../lint/read/patroni.ts'
import type {Files} from '../lint/read/read.ts'
import {isOnAt, nodeAt, wordAt} from '../lint/read/yaml-path.ts'
import type {Written} from '../topology/settings.ts'

type FromSecurity = Pick<Written, 'tls' | 'auth'>

/** Members that differ are told elsewhere; one that has it stands for all, but for the way to etcd, of which the first one's does. */
export function fromSecurity(files: Files): FromSecurity {
  const {patroni, etcd} = files
  const has = (...path: readonly string[]) => patroni.some(({root}) => wordAt(root, ...path) !== undefined)
  const says = (word: string, ...path: readonly string[]) =>
    patroni.some(({root}) => wordAt(root, ...path)?.text === word)
  const inRest = patroni.some(({restapi}) => restapi.certificate !== undefined)
  const inPostgresql = [...patroni.map(({root}) => root), ...dcsOf(files).map(({map}) => map)].some(
    root => isOnAt(nodeAt(root, 'postgresql', 'parameters'), 'ssl') === true,
  )
  const [first] = patroni
  const inEtcd = first !== undefined && speaksTls(first)
  const clients = (['required', 'optional'] as const).find(word => says(word, 'restapi', 'verify_client'))
  const logsIn = has('etcd3', 'username') || has('etcd', 'username')
  const setting = (name: string) => etcd.map(({settings}) => settings.get(name)?.text).find(text => text !== undefined)
  const token = setting('auth-token') ?? 'simple'
  const seconds = token.startsWith('jwt')
    ? secondsOf(/(?:^|,)\s*ttl=([^,]*)/.exec(token)?.[1])
    : secondsOf(setting('auth-token-ttl'))
  const asksRest = has('restapi', 'authentication', 'username') || has('restapi', 'auth')
  return {
    tls: {
      ...(inEtcd ? {etcd: 'on'} : {}),
      ...(inRest ? {rest: 'on'} : {}),
      ...(inPostgresql ? {postgresql: 'on'} : {}),
      ...(inRest && clients !== undefined ? {rest_clients: clients} : {}),
    },
    auth: {
      ...(logsIn ? {etcd: token.startsWith('jwt') ? 'jwt' : 'simple'} : {}),
      ...(logsIn && seconds !== undefined ? {etcd_token_ttl: Math.min(86_400, seconds)} : {}),
      ...(asksRest ? {rest: 'on'} : {}),
    },
  }
}

/** Whether this member speaks TLS to etcd. */
export function speaksTls({root, etcd}: PatroniFile): boolean {
  return wordAt(root, etcd?.section ?? '', 'protocol')?.text.toLowerCase() === 'https'
}

/** Of a number of seconds, or of a duration as Go writes it, e.g. 1h30m; undefined for what is none, or less than a second. */
function secondsOf(written = ''): number | undefined {
  if (/^[1-9]\d{0,4}$/.test(written)) return Number(written)
  const parts = /^(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?$/.exec(written)
  const [hours, minutes, seconds] = (parts ?? []).slice(1).map(part => Number(part ?? 0))
  return 3600 * (hours ?? 0) + 60 * (minutes ?? 0) + (seconds ?? 0) || undefined
}
