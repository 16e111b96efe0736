/** Who has to prove in a lab who they are, and to whom: certificates of a CA of the lab's own, etcd's users, the REST API's password. */
import {z} from 'zod'
import {duration} from '../words/schemas.ts'
import type {Mistake} from './mistakes.ts'
import {type ServiceName, services} from './services.ts'
import type {Topology} from './topology.ts'

/** What speaks TLS, with certificates of the lab's CA. Left out: in the clear. */
export interface TlsSettings {
  /** Its clients and its members among each other, each with a certificate (`client-cert-auth`). */
  readonly etcd?: true
  /** Patroni's REST API. */
  readonly rest?: true
  /** PostgreSQL, which lets nobody in without, and PgBouncer before it. */
  readonly postgresql?: true
  /** Of whom the REST API wants a certificate (`restapi.verify_client`): `optional`, who changes something; `required`, everybody. */
  readonly restClients?: 'optional' | 'required'
}

/** Who has to log in. Left out: nobody. */
export interface AuthSettings {
  /** etcd has users and roles, and gives tokens of this kind (`--auth-token`). */
  readonly etcd?: 'simple' | 'jwt'
  /** How long a token lives: a simple one since it was last used, a jwt since it was given. */
  readonly etcdTokenTtlSeconds?: number
  /** Who changes something through the REST API says a name and a password. */
  readonly rest?: true
}

export interface Security {
  readonly tls?: TlsSettings
  readonly auth?: AuthSettings
}

/** etcd's own (`--auth-token-ttl`). */
export const usualTokenSeconds = 300

/** Names of the users; passwords come from the Allocation. */
export const etcdUsers = {root: 'root', patroni: 'patroni'} as const
export const restUser = 'patroni'

const onOff = (key: string) => z.enum(['off', 'on'], {error: `${key} is off or on`}).optional()

export const securitySettings = {
  tls: z
    .strictObject(
      {
        etcd: onOff('etcd'),
        rest: onOff('rest'),
        postgresql: onOff('postgresql'),
        rest_clients: z
          .enum(['none', 'optional', 'required'], {error: 'rest_clients is none, optional or required'})
          .optional(),
      },
      {error: wholeKey('tls', 'etcd, rest, postgresql and rest_clients, such as {etcd: on, rest: on}')},
    )
    .optional(),
  auth: z
    .strictObject(
      {
        etcd: z
          .enum(['off', 'simple', 'jwt'], {error: 'etcd is off, simple or jwt: the kind of its tokens'})
          .optional(),
        etcd_token_ttl: duration
          .refine(ms => ms % 1000 === 0 && ms >= 1000 && ms <= 86_400_000, 'etcd takes whole seconds, from 1s to 24h')
          .transform(ms => ms / 1000)
          .optional(),
        rest: onOff('rest'),
      },
      {error: wholeKey('auth', 'etcd, etcd_token_ttl and rest, such as {etcd: simple, rest: on}')},
    )
    .optional(),
}

function wholeKey(key: string, has: string) {
  return ({code}: {readonly code: string}) => (code === 'invalid_type' ? `\`${key}\` is a mapping: ${has}` : undefined)
}

export const securitySchemas = {
  tls: z
    .strictObject({
      etcd: z.literal(true).exactOptional(),
      rest: z.literal(true).exactOptional(),
      postgresql: z.literal(true).exactOptional(),
      restClients: z.enum(['optional', 'required']).exactOptional(),
    })
    .exactOptional(),
  auth: z
    .strictObject({
      etcd: z.enum(['simple', 'jwt']).exactOptional(),
      etcdTokenTtlSeconds: z.int().min(1).max(86_400).exactOptional(),
      rest: z.literal(true).exactOptional(),
    })
    .exactOptional(),
}

interface Layer {
  readonly tls?: z.output<typeof securitySettings.tls>
  readonly auth?: z.output<typeof securitySettings.auth>
}

/** Later layers win, key by key; what is off is not there. */
export function securityOf(layers: readonly Layer[]): Security {
  const tls = Object.assign({}, ...layers.map(layer => layer.tls)) as NonNullable<Layer['tls']>
  const auth = Object.assign({}, ...layers.map(layer => layer.auth)) as NonNullable<Layer['auth']>
  const {rest_clients: clients = 'none'} = tls
  const inTls: TlsSettings = {
    ...(tls.etcd === 'on' ? {etcd: true} : {}),
    ...(tls.rest === 'on' ? {rest: true} : {}),
    ...(tls.postgresql === 'on' ? {postgresql: true} : {}),
    ...(clients === 'none' ? {} : {restClients: clients}),
  }
  const loggedIn: AuthSettings = {
    ...(auth.etcd === undefined || auth.etcd === 'off' ? {} : {etcd: auth.etcd}),
    ...(auth.etcd_token_ttl === undefined ? {} : {etcdTokenTtlSeconds: auth.etcd_token_ttl}),
    ...(auth.rest === 'on' ? {rest: true} : {}),
  }
  return {
    ...(Object.keys(inTls).length === 0 ? {} : {tls: inTls}),
    ...(Object.keys(loggedIn).length === 0 ? {} : {auth: loggedIn}),
  }
}

/** As a lab.yaml has them; empty where nothing is on. */
export function securityKeys({tls = {}, auth = {}}: Security): Readonly<Record<string, string>> {
  const said = {
    'tls.etcd': tls.etcd && 'on',
    'tls.rest': tls.rest && 'on',
    'tls.postgresql': tls.postgresql && 'on',
    'tls.rest_clients': tls.restClients,
    'auth.etcd': auth.etcd,
    'auth.etcd_token_ttl': auth.etcdTokenTtlSeconds && `${auth.etcdTokenTtlSeconds}s`,
    'auth.rest': auth.rest && 'on',
  }
  return Object.fromEntries(Object.entries(said).flatMap(([key, value]) => (value ? [[key, value]] : [])))
}

/** What the lab sets itself where PostgreSQL speaks TLS. */
const setByLab = new Set(['ssl', 'ssl_cert_file', 'ssl_key_file', 'ssl_ca_file'])

export function securityMistakes({tls = {}, auth = {}, postgresParameters}: Topology): Mistake[] {
  const mistakes: Mistake[] = []
  if (tls.restClients !== undefined && tls.rest === undefined)
    mistakes.push({
      path: ['tls', 'rest_clients'],
      says: 'without TLS nobody shows the REST API a certificate',
      hint: 'turn it on: --set tls.rest=on',
    })
  if (auth.etcdTokenTtlSeconds !== undefined && auth.etcd === undefined)
    mistakes.push({
      path: ['auth', 'etcd_token_ttl'],
      says: 'without users etcd gives no tokens that could expire',
      hint: 'turn them on: --set auth.etcd=simple',
    })
  const own = Object.keys(postgresParameters).find(name => setByLab.has(name.toLowerCase()))
  if (tls.postgresql === true && own !== undefined)
    mistakes.push({
      path: ['postgresql', 'parameters', own],
      beside: [['tls', 'postgresql']],
      says: `with tls.postgresql the lab sets \`${own}\` itself`,
      hint: 'leave it out',
    })
  return mistakes
}

/** Whether a lab has a CA of its own. */
export function hasAuthority({tls}: Security): boolean {
  return tls?.etcd === true || tls?.rest === true || tls?.postgresql === true
}

/** The clients show none: PostgreSQL asks them for a password. */
export function needsCertificate(run: readonly ServiceName[]): boolean {
  return run.some(service => services[service].image === 'host')
}
