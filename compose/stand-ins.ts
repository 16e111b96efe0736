/**
 * In the place of somebody's programs: each writes down that it was called, and does nothing else. They are words of ours; nothing of
 * what stood in a person's files comes into them.
 */
import {type CallbackName, callbackNames} from '../lab/topology/callbacks.ts'
import {notifyScripts, type StandIn} from '../lab/topology/kept.ts'
import type {Topology} from '../lab/topology/topology.ts'

/** On each host, a line for each call. */
const calledLog = '/data/postgresql/called.log'

const line = (name: StandIn, more: string) => `echo "$(date -Is) ${name} ${more}" >> ${calledLog}`
/** Patroni splits it as a shell does, starts it without one, and puts its arguments behind. */
const program = (name: StandIn) => `/bin/sh -c '${line(name, '$*')}' ${name}`
/** PostgreSQL gives it to a shell, with %f and %r replaced. */
const shell = (name: StandIn, of: string, then = '') => `${line(name, of)}${then}`

function has({standIns = []}: Pick<Topology, 'standIns'>, name: StandIn): boolean {
  return standIns.includes(name)
}

/** For `bootstrap.dcs.postgresql`. */
export function sharedStandIns(topology: Topology): {
  readonly parameters: Readonly<Record<string, string>>
  readonly recovery: {readonly recovery_conf?: Readonly<Record<string, string>>}
} {
  const recovery = {
    // The archive has nothing: whoever asks goes on to the primary.
    restore_command: shell('restore_command', '%f', '; exit 1'),
    archive_cleanup_command: shell('archive_cleanup_command', '%r'),
    recovery_end_command: shell('recovery_end_command', '%r'),
  } as const
  const used = Object.entries(recovery).filter(([name]) => has(topology, name as keyof typeof recovery))
  return {
    parameters: has(topology, 'archive_command') ? {archive_command: shell('archive_command', '%f')} : {},
    recovery: used.length === 0 ? {} : {recovery_conf: Object.fromEntries(used)},
  }
}

/** Where a callback of somebody's own lies as the lab was given it. */
export function callbackFile(name: CallbackName): string {
  return `/etc/patroni/callbacks/${name}`
}

/** What Compose puts there nobody may execute. Its copy takes its place at once, so that one that still runs goes on as it was. */
function ownProgram(name: CallbackName): string {
  const copy = `/run/postgresql/${name}`
  return `/bin/sh -c 'install -m 755 ${callbackFile(name)} ${copy}.$$ && mv -f ${copy}.$$ ${copy} && exec ${copy} "$@"' ${name}`
}

/** For `postgresql` of each host. */
export function hostStandIns(topology: Topology): Readonly<Record<string, string | Readonly<Record<string, string>>>> {
  const called = callbackNames.flatMap(name => {
    if (topology.callbacks?.[name] !== undefined) return [[name, ownProgram(name)]]
    return has(topology, name) ? [[name, program(name)]] : []
  })
  const hooks = (['pre_promote', 'before_stop'] as const).filter(name => has(topology, name))
  return {
    ...(called.length === 0 ? {} : {callbacks: Object.fromEntries(called) as Record<string, string>}),
    ...Object.fromEntries(hooks.map(name => [name, program(name)])),
  }
}

/** A host of a proxy has no folder of data. */
const calledByKeepalived = '/var/log/called.log'

/** Where the program lies that keepalived calls. */
export const notified = '/etc/keepalived/called'

/** For keepalived's instance: each script, and the words that are called. */
export function addressStandIns(topology: Topology): readonly (readonly [name: StandIn, command: string])[] {
  const used = notifyScripts.filter(name => has(topology, name))
  // keepalived takes no link for a program, and /bin/sh is one.
  return used.map(name => [name, `/usr/bin/dash ${notified} ${name}`])
}

/** The text of that program; undefined where nobody calls it. Behind its name `notify` is given what of which instance it is now. */
export function notifiedText(topology: Topology): string | undefined {
  if (addressStandIns(topology).length === 0) return undefined
  return `#!/bin/sh\n# Writes down that it was called.\necho "$(date -Is) $*" >> ${calledByKeepalived}\n`
}

/** Where somebody's own program for after the bootstrap lies: beside the callbacks, since power-on keeps what is in /etc/patroni itself for root. */
export const postBootstrapFile = '/etc/patroni/callbacks/post_bootstrap'

/**
 * The lab's own program after the bootstrap, and before it the line of somebody's, or after it their program, which finds the lab's roles
 * and database. Patroni puts the connection string behind, and gives the cluster up when it ends with an error.
 */
export function afterBootstrap(topology: Topology, own: string): string {
  if (topology.postBootstrap !== undefined) {
    const copy = '/run/postgresql/post-bootstrap-own'
    const theirs = `install -m 755 ${postBootstrapFile} ${copy} && exec ${copy} "$1"`
    return `/bin/sh -c '${own} "$1" && ${theirs}' post_bootstrap`
  }
  if (!has(topology, 'post_bootstrap')) return own
  return `/bin/sh -c '${line('post_bootstrap', '')}; exec ${own} "$1"' post_bootstrap`
}
