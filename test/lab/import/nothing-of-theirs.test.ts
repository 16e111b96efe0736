/** Nothing that tells whose cluster it is stands in any file that the lab writes, whatever stood in theirs. */
import fc from 'fast-check'
import {expect, test} from 'vitest'
import {stringify} from 'yaml'
import {changesFile} from '../../../cli/render/import.ts'
import {render} from '../../../compose/render.ts'
import {importFrom} from '../../../lab/import/import.ts'
import {labFile} from '../../../lab/import/lab-file.ts'
import {knownKeys} from '../../../lab/lint/known-keys.ts'
import {loadTopology, presetsOf} from '../../../lab/topology/topology-file.ts'
import {allocation, owner} from '../../compose/a-lab.ts'
import type {Texts} from '../lint/cluster.ts'
import {importable} from './shapes.ts'

/** Every text that a lab leaves behind: its file, its originals and changes, and what Compose and the programs read. */
function writtenOf(texts: Texts): string {
  const given = Object.entries(texts).map(([file, text]) => ({file, text}))
  const imported = importFrom(given)
  const beside = [...imported.originals].flat()
  const {topology, text} = imported
  const saved = JSON.stringify(topology)
  return [text, ...beside, changesFile(imported, given), saved, render(topology, allocation({}, topology), owner)].join(
    '\n',
  )
}

/** Also its user of etcd is called as many are. */
const inTls = loadTopology({
  set: ['tls.etcd=on', 'tls.rest=on', 'tls.postgresql=on', 'auth.etcd=jwt', 'auth.rest=on'],
})

/** What a lab says that is nobody's: a word of it tells nothing. */
const anyway = [
  ...[...presetsOf(), {topology: inTls}].flatMap(({topology}) => [
    render(topology, allocation({}, topology), owner),
    labFile(topology, 'made'),
  ]),
  ...Object.values(knownKeys).flat(),
  'host master leader replica redacted elsewhere changes dropped',
]
  .join('\n')
  .toLowerCase()

/** Addresses, names and secrets in a text, as a person finds them: by what stands before them. */
function tellingIn(texts: Texts): string[] {
  const all = Object.values(texts).join('\n')
  const found = [
    ...all.matchAll(/\b\d{1,3}(?:\.\d{1,3}){3}\b/g),
    ...all.matchAll(/\b[a-z][\w-]*\.(?:[\w-]+\.)*example\b/g),
  ].map(([one]) => one)
  const values = [
    ...all.matchAll(
      /(?<!\w)(?:password|auth_pass|name|ETCD_NAME|ETCD_INITIAL_CLUSTER_TOKEN)["']?\s*[:=]\s*"?([^\s"'{},][^"'{},\n]*)/g,
    ),
    ...all.matchAll(/stats auth (\S+):(\S+)/g),
    ...all.matchAll(/^\s*server\s+(\S+)/gm),
    ...all.matchAll(/host=(\S+)/g),
  ].flatMap(([, ...parts]) => parts)
  const words = [...found, ...values].map(one => one.trim().toLowerCase())
  return [...new Set(words)].filter(one => one.length > 2 && !/^(127\.|0\.0\.0\.0)/.test(one) && !anyway.includes(one))
}

test.each(Object.entries(importable))('of %s', (_, texts) => {
  const written = writtenOf(texts).toLowerCase()
  expect(tellingIn(texts).filter(one => written.includes(one))).toEqual([])
})

test('of the samples, something was looked for', () => {
  const counts = Object.values(importable).map(texts => tellingIn(texts).length)
  expect(counts.filter(count => count > 4).length).toBeGreaterThan(6)
})

const letters = (least: number) => fc.stringMatching(new RegExp(`^[b-df-hj-np-tv-z]{${least},12}$`))
const hostName = fc.oneof(
  fc.tuple(letters(5), letters(4), fc.nat(99)).map(([a, b, n]) => `${a}${n}.${b}.example`),
  letters(7).map(word => `${word}7`),
  fc.tuple(fc.integer({min: 11, max: 223}), fc.nat(255), fc.nat(255)).map(([a, b, c]) => `${a}.${b}.${c}.91`),
)
const secret = fc.oneof(
  fc
    .tuple(letters(6), fc.string({maxLength: 8, unit: 'grapheme-ascii'}))
    .map(([word, odd]) => `${word}${odd}`.trimEnd()),
  fc.integer({min: 10_000_000, max: 99_999_999}).map(String),
  letters(8),
)

/** A cluster whose every free text is one of the words that must not be met again. Long because their files have that many places for one. */
const cluster = fc
  .record({
    hosts: fc.uniqueArray(hostName, {minLength: 3, maxLength: 3}),
    outside: fc.uniqueArray(hostName, {minLength: 3, maxLength: 3}),
    secrets: fc.uniqueArray(secret, {minLength: 6, maxLength: 6}),
    names: fc.uniqueArray(letters(8), {minLength: 6, maxLength: 6}),
    isScopeTelling: fc.boolean(),
    // So short that a number of a setting may look like it.
    pin: fc.integer({min: 7_310_000, max: 7_319_999}).map(String),
    route: fc.nat(4),
  })
  .map(({hosts, outside, secrets, names, isScopeTelling, pin, route}) => {
    const way = [
      `/primary?token=${names[3]}`,
      `/primary?${names[4]}=1&pin=${pin}`,
      `/${names[5]}/primary`,
      `/${names[3]}`,
      `http://${names[4]}:${names[5]}@${hosts[0]}/replica?tag_${names[3]}=${pin}&lag=16MB`,
    ][route]
    const member = (index: number) => {
      const [host, name] = [hosts[index]!, names[index]!]
      const conninfo = `host=${outside[0]} user=${names[3]} password=${secrets[0]}`
      const program = `scp %p ${names[3]}@${outside[1]}:/srv # ${secrets[1]}`
      return `# ${host} ${secrets[2]} once\n${stringify({
        scope: isScopeTelling ? names[0] : 'shop',
        name,
        restapi: {connect_address: `${host}:8008`, authentication: {username: names[4], password: secrets[3]}},
        etcd3: {hosts: hosts.map(one => `${one}:2379`), password: secrets[4]},
        bootstrap: {
          dcs: {
            slots: {[names[1]!]: {type: 'physical'}},
            postgresql: {
              parameters: {
                archive_command: program,
                primary_conninfo: conninfo,
                [names[2]!]: 'on',
                search_path: names[5],
              },
            },
          },
          post_bootstrap: program,
          users: {[names[4]!]: {password: secrets[5]}},
        },
        postgresql: {
          connect_address: `${host}:5432`,
          authentication: {superuser: {username: names[4], password: secrets[0]}, replication: {password: secrets[1]}},
          pg_hba: [`host all all ${outside[2]} md5`],
          callbacks: {on_start: `curl https://${outside[0]}/${secrets[2]}`},
        },
        tags: {site: outside[1], replicatefrom: names[(index + 1) % 3]},
      })}`
    }
    const proxy = `global\n  log ${outside[2]} local0\ndefaults\n  mode tcp\nlisten stats\n  stats auth ${names[4]}:${names[5]}\nlisten ${names[3]}
  bind ${outside[0]}:5000
  option httpchk OPTIONS ${way}
  http-check send hdr X-Caller ${pin} hdr Authorization "Basic ${names[5]}" body "${pin} of ${names[4]}"
  http-check expect string ${names[5]}
${hosts.map((host, index) => `  server ${names[index]} ${host}:5432 check port 8008 # ${names[4]}`).join('\n')}\n`
    const pooler = `; ${names[4]} asks ${outside[1]}
[databases]
${names[3]} = host=${isScopeTelling ? '127.0.0.1' : outside[0]} port=5000 dbname=${names[5]} user=${names[4]} password='${secrets[2]?.replaceAll("'", "''")}' connect_query='SELECT "${names[5]}"'
[users]
${names[4]} = pool_mode=session
[pgbouncer]
listen_addr = ${outside[2]}
auth_user = ${names[5]}
auth_query = SELECT usename, passwd FROM ${names[3]}.lookup($1)
auth_file = /home/${names[4]}/users.txt
admin_users = ${names[3]},${names[4]}
server_login_retry = 7
`
    const sharing = `# ${secrets[0]} of ${names[4]}
global_defs {
  router_id ${names[3]}
  notification_email { ${names[5]}@${names[4]}.example }
}
vrrp_script ${names[4]} {
  script "/usr/local/bin/${names[5]} --as ${secrets[1]?.replaceAll(/["{}#!\s]/g, '')} ${outside[0]} haproxy"
  weight -7
}
vrrp_instance ${names[5]} {
  interface ${names[3]}
  priority 120
  unicast_src_ip ${outside[1]}
  unicast_peer { ${outside[2]} }
  authentication {
    auth_type PASS
    auth_pass ${names[5]}
  }
  virtual_ipaddress { ${outside[0]}/24 dev ${names[3]} label ${names[3]}:1 }
  track_script { ${names[4]} }
  notify_master "/srv/${names[4]}.sh ${outside[1]}"
  notify /srv/${names[5]}.sh
}
`
    const texts = {
      'a.yml': member(0),
      'b.yml': member(1),
      'c.yml': member(2),
      'haproxy.cfg': proxy,
      'pgbouncer.ini': pooler,
      'keepalived.conf': sharing,
    }
    const telling = [...hosts, ...outside, ...secrets, pin, ...names.filter((_, index) => index > 2 || isScopeTelling)]
    return {texts, telling}
  })

test('of a cluster whose every text is telling', () => {
  fc.assert(
    fc.property(cluster, ({texts, telling}) => {
      const written = writtenOf(texts).toLowerCase()
      expect(telling.filter(one => written.includes(one.toLowerCase()))).toEqual([])
    }),
    {numRuns: 40},
  )
})
