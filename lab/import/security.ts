/** Which connections of somebody's cluster are in TLS, and where a login is asked for: the lab's own stand on the same ones. */
import {dcsOf} from '../lint/read/patroni.ts'
import type {Files} from '../lint/read/read.ts'
import {isOnAt, nodeAt, wordAt} from '../lint/read/yaml-path.ts'
import type {Written} from '../topology/settings.ts'

type FromSecurity = Pick<Written, 'tls' | 'auth'>

/** Members that differ are told elsewhere; one that has it stands for all. */
export function fromSecurity(files: Files): FromSecurity {
  const {patroni, etcd} = files
  const has = (...path: readonly string[]) => patroni.some(({root}) => wordAt(root, ...path) !== undefined)
  const says = (word: string, ...path: readonly string[]) =>
    patroni.some(({root}) => wordAt(root, ...path)?.text === word)
  const inRest = patroni.some(({restapi}) => restapi.certificate !== undefined)
  const inPostgresql = [...patroni.map(({root}) => root), ...dcsOf(files).map(({map}) => map)].some(
    root => isOnAt(nodeAt(root, 'postgresql', 'parameters'), 'ssl') === true,
  )
  const inEtcd = says('https', 'etcd3', 'protocol') || says('https', 'etcd', 'protocol')
  const clients = (['required', 'optional'] as const).find(word => says(word, 'restapi', 'verify_client'))
  const logsIn = has('etcd3', 'username') || has('etcd', 'username')
  const setting = (name: string) => etcd.map(({settings}) => settings.get(name)?.text).find(text => text !== undefined)
  const seconds = /^[1-9]\d{0,4}$/.exec(setting('auth-token-ttl') ?? '')?.[0]
  const asksRest = has('restapi', 'authentication', 'username') || has('restapi', 'auth')
  return {
    tls: {
      ...(inEtcd ? {etcd: 'on'} : {}),
      ...(inRest ? {rest: 'on'} : {}),
      ...(inPostgresql ? {postgresql: 'on'} : {}),
      ...(inRest && clients !== undefined ? {rest_clients: clients} : {}),
    },
    auth: {
      ...(logsIn ? {etcd: setting('auth-token')?.startsWith('jwt') === true ? 'jwt' : 'simple'} : {}),
      ...(logsIn && seconds !== undefined ? {etcd_token_ttl: Math.min(86_400, Number(seconds))} : {}),
      ...(asksRest ? {rest: 'on'} : {}),
    },
  }
}
