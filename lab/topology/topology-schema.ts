/** The shapes of a topology and of an allocation as they lie in files of ours: checked as strictly as what a person writes. */
import {z} from 'zod'
import {callbacksSchema, programSchema} from './callbacks.ts'
import {enginesSchema} from './engines.ts'
import {hbaSchema} from './hba.ts'
import {balances, dynamicNames, haproxyCheck, standIns, tagSettings} from './kept.ts'
import {ownHaproxySchema} from './own-haproxy.ts'
import {ownImagesSchema} from './own-images.ts'
import {patroniBuildSchema} from './patroni-build.ts'
import {formerRelease, releaseNames, usualRelease} from './release.ts'
import {securitySchemas} from './security.ts'
import {portNames, serviceNames} from './services.ts'

const text = z.string()
/** Ours are letters and digits; whatever prints one must not print anything else with it. */
const secret = z.string().regex(/^[\w.-]{1,200}$/, 'a password of a lab is letters and digits')
/** Lines of base64 between lines that say what it is. */
const pem = z.string().regex(/^(-----BEGIN [A-Z ]+-----\n([\w+/=]{1,76}\n)+-----END [A-Z ]+-----\n)+$/, 'PEM')
const port = z.int().min(1).max(65_535)
const seconds = z.int().min(0).max(31_536_000)
const ms = z.int().min(0).max(86_400_000)
const bytes = z.int().min(0)

/** Runs and labs that are older than a setting had its default. */
export const topologySchema = z.strictObject({
  profile: z.enum(['default', 'fast']),
  release: z
    .preprocess(written => (written === formerRelease.name ? formerRelease.is : written), z.enum(releaseNames))
    .default(usualRelease),
  patroniBuild: patroniBuildSchema.exactOptional(),
  images: ownImagesSchema.exactOptional(),
  engines: enginesSchema.exactOptional(),
  hosts: z
    .array(
      z.strictObject({
        name: text,
        services: z.array(z.enum(serviceNames)).max(8),
      }),
    )
    .min(1)
    .max(64),
  patroni: z.strictObject({
    ttlSeconds: seconds,
    loopWaitSeconds: seconds,
    retryTimeoutSeconds: seconds,
    maximumLagOnFailoverBytes: bytes,
    synchronousMode: z.enum(['off', 'on', 'strict', 'quorum']),
    primaryStartTimeoutSeconds: seconds,
    failsafeMode: z.boolean().default(false),
    watchdog: z.enum(['off', 'automatic', 'required']).default('off'),
    watchdogSafetyMarginSeconds: seconds.default(5),
    slots: z
      .record(
        text,
        z.union([
          z.strictObject({type: z.literal('physical')}),
          z.strictObject({type: z.literal('logical'), database: text, plugin: text}),
        ]),
      )
      .exactOptional(),
  }),
  haproxy: z.strictObject({
    interMs: ms,
    fastinterMs: ms,
    downinterMs: ms,
    fall: z.int().min(1).max(1000),
    rise: z.int().min(1).max(1000),
    connectTimeoutMs: ms,
    checkTimeoutMs: ms,
    clientTimeoutMs: ms.default(1_800_000),
    serverTimeoutMs: ms.default(1_800_000),
    onMarkedDown: z.enum(['shutdown-sessions', 'none']).default('shutdown-sessions'),
    checkPrimary: haproxyCheck.exactOptional(),
    checkReplicas: haproxyCheck.exactOptional(),
    checkTls: z.boolean().exactOptional(),
    maxconn: z.int().min(1).max(20_000).exactOptional(),
    retries: z.int().min(0).max(1000).exactOptional(),
    redispatch: z.boolean().exactOptional(),
    balance: z.enum(balances).exactOptional(),
    tcpka: z.boolean().exactOptional(),
  }),
  haproxyFile: ownHaproxySchema.exactOptional(),
  pgbouncer: z
    .strictObject({
      poolMode: z.enum(['session', 'transaction']),
      defaultPoolSize: z.int().min(1).max(1000),
      serverLoginRetryMs: ms,
      serverConnectTimeoutMs: ms,
      serverLifetimeMs: ms,
      serverIdleTimeoutMs: ms,
      queryWaitTimeoutMs: ms,
      auth: z.enum(['userlist', 'auth_query']),
    })
    .exactOptional(),
  keepalived: z
    .strictObject({
      advertIntSeconds: z.int().min(1).max(255),
      intervalSeconds: z.int().min(1).max(3600),
      fall: z.int().min(1).max(1000),
      rise: z.int().min(1).max(1000),
      preempt: z.boolean(),
      check: z.literal('none').exactOptional(),
      weight: z.int().min(-253).max(253).exactOptional(),
      priorities: z.record(text, z.int().min(1).max(254)).exactOptional(),
    })
    .exactOptional(),
  postgresParameters: z.record(text, text),
  scope: text.exactOptional(),
  namespace: text.exactOptional(),
  standbyCluster: z.strictObject({scope: text, hosts: z.array(text).min(1).max(64)}).exactOptional(),
  ports: z.partialRecord(z.enum(portNames), port).exactOptional(),
  dataBytes: bytes.exactOptional(),
  network: z.literal('internal').exactOptional(),
  dynamic: z.partialRecord(z.enum(dynamicNames), z.union([z.number(), z.boolean()])).exactOptional(),
  tags: z.record(text, z.strictObject(tagSettings).partial()).exactOptional(),
  etcd: z
    .strictObject({
      heartbeatMs: ms.exactOptional(),
      electionMs: ms.exactOptional(),
      quotaBytes: bytes.exactOptional(),
    })
    .exactOptional(),
  standIns: z.array(z.enum(standIns)).exactOptional(),
  hba: hbaSchema.exactOptional(),
  callbacks: callbacksSchema.exactOptional(),
  postBootstrap: programSchema.exactOptional(),
  ...securitySchemas,
})

export const allocationSchema = z.strictObject({
  lab: text,
  subnet: text,
  addresses: z.record(text, text),
  observer: text,
  ports: z.record(
    text,
    z.strictObject({
      postgres: port.exactOptional(),
      primary: port.exactOptional(),
      replicas: port.exactOptional(),
      stats: port.exactOptional(),
      pgbouncer: port.exactOptional(),
    }),
  ),
  passwords: z.strictObject({
    ...{superuser: secret, replication: secret, rewind: secret, app: secret},
    etcdRoot: secret.exactOptional(),
    etcdPatroni: secret.exactOptional(),
    rest: secret.exactOptional(),
  }),
  authority: z.strictObject({ca: pem, caKey: pem, hosts: z.record(text, pem), observer: pem}).exactOptional(),
  tokenKey: z.strictObject({private: pem, public: pem}).exactOptional(),
  images: z.strictObject({
    ...{host: text, app: text},
    own: z.record(text, z.string().regex(/^sha256:[0-9a-f]{64}$/)).exactOptional(),
  }),
  elsewhere: z.literal(true).exactOptional(),
})
