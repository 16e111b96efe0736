/** apt-get for a machine where nobody answers questions, with its progress told. Needs root. */
import {existsSync, rmSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {LabError} from '../words/errors.ts'
import {next, shell} from '../words/next-step.ts'
import {type Ran, run} from './command.ts'
import {type Machine, policyFile, policyText, thisMachine} from './leftovers.ts'

/** As `step()` of lab/words/progress gives it. */
export type Detail = (says: string, fraction?: number) => void

const updateLimitMs = 180_000
const installLimitMs = 600_000

/** The folders that only root writes to, in Debian's order. */
const systemPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/**
 * The environment of everything that changes the system. The system's own folders come first, then what else the PATH names:
 * a program in a folder of the user, or in the one where we were called (`.`), must not be run as root in apt's place. The
 * tools of dpkg and dockerd lie in sbin, which is not in every root's PATH. LC_ALL=C because we read what is said.
 */
export function rootEnvironment(path = process.env.PATH ?? ''): Record<string, string> {
  const others = path.split(':').filter(folder => folder.startsWith('/') && !systemPath.split(':').includes(folder))
  return {
    PATH: [systemPath, ...others].join(':'),
    DEBIAN_FRONTEND: 'noninteractive',
    LC_ALL: 'C',
  }
}

/** Another apt (unattended-upgrades of a fresh machine, a second `pgha-lab up`) is waited for. */
const common = ['-y', '-o', 'DPkg::Lock::Timeout=300', '-o', 'APT::Status-Fd=1'] as const

/**
 * Refreshes the package lists. A source that can't be reached is no failure here: the others may have all we need, and if
 * not, the installation fails and says so. The answer tells what apt complained of.
 */
export async function aptUpdate(detail: Detail, signal?: AbortSignal): Promise<readonly string[]> {
  const ran = await run(['apt-get', ...common, 'update'], {
    withinMs: updateLimitMs,
    signal,
    env: rootEnvironment(),
    onLine: line => tellStatus(line, detail),
  })
  return ran.lines.filter(line => /^[EW]: /.test(line))
}

export function installCommand(packages: readonly string[]): [string, ...string[]] {
  return ['apt-get', ...common, '--no-install-recommends', 'install', ...packages]
}

/** Throws `setup-failed` or `disk-full` with apt's last words. */
export async function aptInstall(packages: readonly string[], detail: Detail, signal?: AbortSignal): Promise<void> {
  const options = {withinMs: installLimitMs, signal, env: rootEnvironment()}
  // Finishes what an interrupted installation left; nothing to do takes no time.
  await run(['dpkg', '--configure', '-a'], options)
  const ran = await withoutStartingServices(() =>
    run(installCommand(packages), {...options, onLine: line => tellStatus(line, detail)}),
  )
  if (ran.code !== 0) throw complaint(packages, ran)
}

function complaint(packages: readonly string[], ran: Ran): LabError {
  const said = ran.lines.filter(line => !isStatus(line) && line.trim() !== '')
  const errors = said.filter(line => line.startsWith('E: '))
  const why = (errors.length > 0 ? errors : said.slice(-5)).join('; ') || 'it said nothing'
  if (said.some(line => /No space left on device|enough free space/i.test(line)))
    return new LabError('disk-full', `the disk is full: apt-get could not install ${packages.join(' ')} (${why})`, {
      hint: next`make room, for instance with: ${shell('apt-get clean')}`,
    })
  const how = ran.timedOut ? `took more than ${installLimitMs / 60_000} minutes` : 'failed'
  return new LabError('setup-failed', `apt-get install ${packages.join(' ')} ${how}: ${why}`, {
    hint: next`to see what is wrong: ${shell(`apt-get install ${packages.join(' ')}`)}`,
  })
}

/**
 * Without systemd, docker.io's init script fails (on its ulimit line) and takes the whole installation with it. We start the
 * engine ourselves, so invoke-rc.d is told not to, in Debian's way: policy-rc.d answers 101. One that is there is left alone.
 */
export async function withoutStartingServices<T>(work: () => Promise<T>, machine: Machine = thisMachine): Promise<T> {
  const file = policyFile(machine)
  if (existsSync(join(machine.root, 'run/systemd/system')) || existsSync(file)) return work()
  writeFileSync(file, policyText(), {mode: 0o755, flag: 'wx'})
  try {
    return await work()
  } finally {
    rmSync(file, {force: true})
  }
}

function isStatus(line: string): boolean {
  return /^(dlstatus|pmstatus|media-change|pmerror|pmconffile):/.test(line)
}

/** `dlstatus:1:20.5:Retrieving file 3 of 10` and `pmstatus:docker.io:42.1:Installing docker.io` (apt's README.progress-reporting). */
export function parseStatus(line: string): {says: string; fraction: number} | null {
  const match = /^(dl|pm)status:[^:]*(?::[a-z0-9]+)?:([\d.]+):(.*)$/.exec(line)
  if (!match) return null
  // Downloading and unpacking each count to 100: each gets its half.
  const half = Number(match[2]) / 200
  return {says: match[3] ?? '', fraction: match[1] === 'dl' ? half : 0.5 + half}
}

function tellStatus(line: string, detail: Detail): void {
  const status = parseStatus(line)
  if (status) detail(status.says, status.fraction)
}
