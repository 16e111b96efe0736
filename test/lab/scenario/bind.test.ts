import {execFileSync} from 'node:child_process'
import {describe, expect, test} from 'vitest'
import {withAskedLimit} from '../../../lab/scenario/asked-limit.ts'
import {withExtraClients} from '../../../lab/scenario/extra-clients.ts'
import {bind, configOf, parseScenario, settingsFor} from '../../../lab/scenario/index.ts'
import {loadTopology, parseTopology} from '../../../lab/topology/topology-file.ts'
import {LabError} from '../../../lab/words/errors.ts'
import {about, clients, expectations, steps} from './complaint.ts'

const fast = loadTopology({profile: 'fast'})

function needing(needs: string, on = 'leader') {
  const text = `${about}needs: ${needs}\n${clients}${steps.replace('leader', on)}${expectations}`
  return parseScenario('mine.yaml', text)
}

function refusal(run: () => unknown): {says: string; hint: string | undefined} {
  try {
    run()
  } catch (error) {
    if (error instanceof LabError && error.code === 'config') return {says: error.message, hint: error.hint}
    throw error
  }
  throw new Error('it was not refused')
}

describe('a scenario and a lab', () => {
  test('that agree change nothing', () => {
    expect(bind(needing('{postgres: 3, patroni: {ttl: 20s}}'), fast)).toEqual({
      topology: fast,
      config: null,
      previous: {},
    })
  })

  test('that differ in what Patroni can change give the patch and its way back', () => {
    const scenario = needing(
      '{patroni: {synchronous_mode: strict, primary_start_timeout: 0s}, postgresql: {parameters: {wal_sender_timeout: 9s, work_mem: 8MB, wal_keep_size: 16MB}}}',
    )
    const {topology, config, previous} = bind(scenario, fast)
    expect(topology.patroni).toMatchObject({synchronousMode: 'strict', primaryStartTimeoutSeconds: 0, ttlSeconds: 20})
    expect(config).toEqual({
      synchronous_mode: true,
      synchronous_mode_strict: true,
      primary_start_timeout: 0,
      postgresql: {parameters: {wal_sender_timeout: '9s', work_mem: '8MB', wal_keep_size: '16MB'}},
    })
    expect(previous).toEqual({
      synchronous_mode: false,
      synchronous_mode_strict: false,
      primary_start_timeout: 300,
      postgresql: {parameters: {wal_sender_timeout: '5s', work_mem: null, wal_keep_size: '128MB'}},
    })
  })

  test('know quorum and failsafe mode as Patroni writes them', () => {
    const {config} = bind(needing('{patroni: {synchronous_mode: quorum, failsafe_mode: on}}'), fast)
    expect(config).toEqual({synchronous_mode: 'quorum', failsafe_mode: true})
  })

  test('configOf the lab as it will be is the configuration before and the patch together', () => {
    const {topology, config} = bind(needing('{patroni: {maximum_lag_on_failover: 2MB}}'), fast)
    expect(configOf(topology)).toEqual({...configOf(fast), ...config})
  })

  test.each([
    ['{patroni: {watchdog: required}}', 'patroni.watchdog=required'],
    ['{patroni: {watchdog_safety_margin: 7s}}', 'patroni.watchdog_safety_margin=7s'],
    ['{postgresql: {data_size: 512MB}}', 'postgresql.data_size=512MB'],
    ['{postgresql: {parameters: {max_connections: 50}}}', 'postgresql.parameters.max_connections=50'],
    ['{postgres: 4}', 'hosts.node4=patroni'],
    ['{haproxy: {on_marked_down: none}}', 'haproxy.on_marked_down=none'],
    ['{haproxy: {inter: 5s}}', 'haproxy.inter=5s --set haproxy.fastinter=5s --set haproxy.downinter=5s'],
    ['{postgres: 4, etcd: 5}', 'hosts.node4=etcd,patroni --set hosts.node5=etcd'],
  ])('%s needs a new lab, and the hint raises it', (needs, set) => {
    const scenario = needing(needs)
    const {says, hint} = refusal(() => bind(scenario, fast))
    expect(says).toMatch(/^mine needs .*, which only a new lab can have$/)
    expect(hint).toBe(`pgha-lab up --profile fast --set ${set} --name mine\npgha-lab chaos mine.yaml --name mine`)
    const raised = loadTopology({profile: 'fast', set: settingsFor(scenario, fast)})
    expect(bind(scenario, raised).config).toBeNull()
  })

  test('that needs poolers plays on a lab that has them beside PostgreSQL, with its own times if it says some', () => {
    const pooled = loadTopology({topology: 'pgbouncer', profile: 'fast'})
    expect(settingsFor(needing('{pgbouncer: {}}'), pooled)).toEqual([])
    expect(refusal(() => bind(needing('{pgbouncer: {}}'), fast)).hint).toBe(
      'pgha-lab up --topology pgbouncer --profile fast --name mine\npgha-lab chaos mine.yaml --name mine',
    )
    expect(settingsFor(needing('{pgbouncer: {server_login_retry: 15s}}'), pooled)).toEqual([
      'pgbouncer.server_login_retry=15s',
    ])
    const before = loadTopology({topology: 'pgbouncer-before', profile: 'fast'})
    const set = settingsFor(needing('{pgbouncer: {}}'), before)
    expect(set).toContain('hosts.proxy1=haproxy')
    expect(loadTopology({topology: 'pgbouncer-before', profile: 'fast', set}).hosts).toEqual(pooled.hosts)
  })

  test('refuses what no lab like this one can have as what cannot run here', () => {
    const perNode = loadTopology({topology: 'proxy-per-node', profile: 'fast'})
    expect(() => bind(needing('{pgbouncer: {}}'), perNode)).toThrow(
      expect.objectContaining({
        code: 'cannot-run-here',
        message: expect.stringMatching(
          /^mine needs .*, and a lab like this cannot have that: .* would both listen on port 6432/,
        ),
      }),
    )
  })

  test('that needs a new lab gets one with all that this lab has, in one command that can be pasted', () => {
    const set = [
      ...['hosts.my-own=patroni', 'hosts.node1=etcd,patroni,haproxy', 'patroni.ttl=45s', 'patroni.failsafe_mode=on'],
      ...[
        'haproxy.inter=2500ms',
        'haproxy.fall=4',
        'haproxy.timeout_client=30s',
        'haproxy.on_marked_down=none',
        'postgresql.parameters.Work_Mem=8MB',
        'postgresql.data_size=512MB',
      ],
      ...['postgresql.parameters.max_connections=70', "postgresql.parameters.log_line_prefix=it's %m "],
    ]
    const own = loadTopology({profile: 'fast', set})
    const scenario = needing('{postgres: 6, postgresql: {parameters: {max_connections: 50}}}')
    const {hint = ''} = refusal(() => bind(scenario, own))
    const [up = ''] = hint.split('\n')
    const words = execFileSync('sh', [
      '-c',
      `pgha_lab() { printf '%s\\0' "$@"; }; ${up.replace('pgha-lab', 'pgha_lab')}`,
    ])
      .toString()
      .split('\0')
    const typed = words.filter((_, index) => words[index - 1] === '--set')
    expect(words.slice(0, 3)).toEqual(['up', '--profile', 'fast'])
    const raised = loadTopology({profile: 'fast', set: typed})
    expect(bind(scenario, raised).config).toBeNull()
    const asked = [...set, 'hosts.node4=patroni', 'hosts.node5=patroni', 'postgresql.parameters.max_connections=50']
    expect(raised).toEqual(loadTopology({profile: 'fast', set: asked}))
  })

  test('that needs a new lab beside one with a file of its own, keeps that file and what was set beside it', () => {
    const own = parseTopology('lab.yaml', 'hosts: {a1: [etcd, patroni], p1: [haproxy], app1: [client]}\n', {
      set: ['haproxy.fall=9'],
    })
    const file = "/home/me/it's mine.yaml"
    expect(refusal(() => bind(needing('{postgres: 2}'), own, {topologyFile: file})).hint).toBe(
      "pgha-lab up --topology '/home/me/it'\\''s mine.yaml' --profile default --set hosts.a1=etcd,patroni --set hosts.p1=haproxy --set haproxy.fall=9 --set hosts.node1=patroni --name mine\npgha-lab chaos mine.yaml --name mine",
    )
    // Where nobody knows which file that was, no command is made up.
    expect(refusal(() => bind(needing('{postgres: 2}'), own)).hint).toBe(
      'raise another lab from the file that this one was raised from, with --set hosts.node1=patroni and --name mine; then play it there:\npgha-lab chaos mine.yaml --name mine',
    )
  })

  test('that needs a new lab is played there with all that was asked for here, and by its own path', () => {
    const path = "../w/It's Mine_2.yaml"
    const text = `${about}needs: {postgres: 4}\n${clients}${steps}${expectations}`
    const asked = withExtraClients(withAskedLimit(parseScenario(path, text), 9000), 'psycopg,pgbench')
    const {hint} = refusal(() => bind(asked, fast, {phase: 'random'}))
    expect(hint?.split('\n')[1]).toBe(
      "pgha-lab chaos '../w/It'\\''s Mine_2.yaml' --within 9s --clients psycopg,pgbench --phase random --name it-s-mine-2",
    )
  })

  test('whose timings do not go together are refused with the reason', () => {
    const {says} = refusal(() => bind(needing('{patroni: {loop_wait: 15s}}'), fast))
    expect(says).toMatch(/^mine does not go with this lab's own settings: patroni\.\w+: Patroni would silently use/)
  })

  test('a host that the lab has not is refused before anything is touched', () => {
    expect(refusal(() => bind(needing('{postgres: 3}', 'node7'), fast)).says).toMatch(
      /^mine names node7, and this lab has/,
    )
  })
})
