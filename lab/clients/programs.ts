/**
 * The programs of a run that know nothing of us: each on app1 or in a container of its own, with the relay in app1 for its
 * database. What they do with it is told by the relay; here is only their life.
 */
import {setTimeout as pause} from 'node:timers/promises'
import type {Images, Power, Running, Streams} from '../engine/docker.ts'
import type {Lab} from '../engine/lab.ts'
import {type ClientGroup, driverOf, type ProgramGroup} from '../history/client-group.ts'
import type {Event} from '../history/event.ts'
import type {ProbeSite} from '../probes/probe.ts'
import {appDatabase, hostsWith, roles} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import {next, onLab, quoted, shell} from '../words/next-step.ts'

export interface Programs extends AsyncDisposable {
  /** Ends them all and resolves when they have ended. Their containers stay, for their logs: see `run/runs.ts`. */
  stop(): Promise<void>
  /** Set when nobody can say any more whether a program runs. One that ends by itself is told in a note, and its outage shows. */
  readonly failure: LabError | undefined
  /**
   * Which program has not had a single transaction answered in these events, in a sentence for whoever waits; null: all have.
   * @throws LabError `not-ready` with its last words when it has ended: waiting longer is no use.
   */
  unheard(events: Iterable<Event>): string | null
}

/** Where a program finds "the database": the relay on app1. */
interface Placed {
  readonly group: ProgramGroup
  readonly host: string
  readonly port: number
}

/** A forgotten program on app1 ends with its runner, and if even that is missed, after this long. */
const longestSeconds = 3600
const stopGraceSeconds = 1
/** Beyond that: the engine is busy. */
const stopWithinMs = 15_000

/** @throws LabError `image` for a program whose image is not on this machine: nothing is pulled in the middle of a run. */
export async function imagesMustBeHere(
  docker: Pick<Images, 'hasImage'>,
  groups: readonly ClientGroup[],
): Promise<void> {
  for (const group of groups) {
    if (group.kind !== 'program' || group.image === null || (await docker.hasImage(group.image))) continue
    throw new LabError('image', `the image ${group.image} of the client ${group.name} is not on this machine`, {
      hint: shell(`docker pull ${quoted(group.image)}`),
    })
  }
}

/**
 * Starts the programs. Each gets PGHOST, PGPORT, PGUSER, PGDATABASE, PGSSLMODE, PGAPPNAME and DATABASE_URL, and what its group's
 * environment says. The password is in PGPASSWORD on app1; in a container of its own it is in files (PGPASSFILE, PGPASSWORD_FILE), as
 * whoever may ask the engine reads a container's environment.
 * @throws LabError `image` as `imagesMustBeHere`; `engine` when a container cannot be started.
 */
export async function startPrograms(site: ProbeSite, programs: readonly Placed[]): Promise<Programs> {
  await imagesMustBeHere(
    site.lab.docker,
    programs.map(one => one.group),
  )
  const started = new AllPrograms()
  try {
    for (const [index, placed] of programs.entries())
      started.add(
        placed.group.image === null
          ? await OnApp.start(site, placed)
          : await InContainer.start(site, placed, placed.group.image, index),
      )
    return started
  } catch (error) {
    await started.stop()
    throw error
  }
}

class AllPrograms implements Programs {
  readonly #all: (OnApp | InContainer)[] = []

  add(program: OnApp | InContainer): void {
    this.#all.push(program)
  }

  get failure(): LabError | undefined {
    return this.#all.map(one => one.life.failure).find(failure => failure !== undefined)
  }

  unheard(events: Iterable<Event>): string | null {
    const heard = new Set<string>()
    for (const event of events)
      if (event.kind === 'transaction' && event.outcome === 'ok') heard.add(driverOf(event.client))
    const silent = this.#all.find(one => !heard.has(one.life.name))?.life
    if (silent === undefined) return null
    if (silent.over === undefined) return `the program ${silent.name} has had no transaction answered yet`
    throw new LabError('not-ready', `${silent.over}, and no transaction of it was answered`, {
      hint: 'try its image and command by hand; PGHOST, PGPORT and the rest of its environment name the database',
    })
  }

  async stop(): Promise<void> {
    await Promise.all(this.#all.map(one => one.stop()))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

/** What is known of a program's life; its end, when nobody asked for it, is told in a note. */
class Life {
  readonly name: string
  readonly lab: string
  readonly #site: ProbeSite
  /** How it ended, in a sentence. */
  over: string | undefined
  failure: LabError | undefined
  asked = false

  constructor(name: string, site: ProbeSite) {
    this.lab = site.lab.name
    this.name = name
    this.#site = site
  }

  ended(code: number, words: string): void {
    if (this.asked) return
    const said = words.trim().split('\n').slice(-3).join(' / ')
    this.over = `the program ${this.name} ended by itself with exit code ${code}; it said: ${said === '' ? 'nothing' : said}`
    this.#site.record({kind: 'note', says: this.over})
  }

  lost(why: string): void {
    if (this.asked) return
    this.failure = new LabError('engine', `nobody can say whether the program ${this.name} still runs: ${why}`, {
      hint: onLab(this.lab, 'status'),
    })
  }
}

/**
 * What app1 does with a program: its words go to the log of app1 and to us; at a line on its stdin, or the end of that, it is ended
 * with all it started.
 */
const keeper = `exec 3<&0
{
  setsid timeout ${longestSeconds} "$@" </dev/null & program=$!
  { read -r _ <&3; kill -TERM -$program; sleep ${stopGraceSeconds}; kill -KILL -$program; } >/dev/null 2>&1 & keeper=$!
  wait $program; code=$?
  kill $keeper
  echo "exit code $code"
} 2>&1 | tee -a /proc/1/fd/1`

class OnApp {
  readonly life: Life
  readonly #running: Running
  readonly #ended: Promise<void>

  static async start(site: ProbeSite, placed: Placed): Promise<OnApp> {
    const [app] = hostsWith(site.lab.topology, 'client')
    if (app === undefined) throw new LabError('no-target', 'this lab has no host for clients')
    const {id} = await site.lab.container(app)
    const argv = ['sh', '-c', keeper, 'keeper', ...placed.group.command]
    const env = Object.entries({...passwordEnvironment(site.lab, placed), ...placed.group.environment}).map(
      ([name, value]) => `${name}=${value}`,
    )
    return new OnApp(site, placed.group.name, await site.lab.engineOf(app).exec(id, argv, {env}))
  }

  private constructor(site: ProbeSite, name: string, running: Running) {
    this.life = new Life(name, site)
    this.#running = running
    running.stdin.on('error', () => {}) // its end is heard from its lines
    this.#ended = this.#listen()
  }

  async #listen(): Promise<void> {
    let last: string[] = []
    for await (const line of this.#running.lines) last = [...last, line].slice(-4)
    const code = /^exit code (\d+)$/.exec(last.at(-1) ?? '')?.[1]
    if (code === undefined) this.life.lost('its words ended without its exit code')
    else this.life.ended(Number(code), last.slice(0, -1).join('\n'))
  }

  async stop(): Promise<void> {
    this.life.asked = true
    this.#running.stdin.end('\n')
    await untilItEnds(stopWithinMs, this.#ended, this.life)
    await this.#running[Symbol.asyncDispose]()
  }
}

class InContainer {
  readonly life: Life
  readonly #docker: Power & Streams
  readonly #id: string
  readonly #ended: Promise<void>

  static async start(site: ProbeSite, placed: Placed, image: string, index: number): Promise<InContainer> {
    const {lab} = site
    const {name, command} = placed.group
    const {id} = await lab.docker.startProgram(lab.name, {
      ...{name, image, command, environment: {...fileEnvironment(placed), ...placed.group.environment}},
      secrets: secretsOf(lab, placed),
      // From the end of the subnet: hosts have theirs from its beginning.
      address: lab.allocation.subnet.replace(/\.0\/24$/, `.${254 - index}`),
    })
    return new InContainer(site, name, id)
  }

  private constructor(site: ProbeSite, name: string, id: string) {
    this.life = new Life(name, site)
    this.#docker = site.lab.docker
    this.#id = id
    this.#ended = this.#wait()
  }

  async #wait(): Promise<void> {
    try {
      const code = await this.#docker.untilEnded(this.#id)
      if (!this.life.asked) this.life.ended(code, await this.#lastWords())
    } catch (error) {
      this.life.lost((error as Error).message)
    }
  }

  async #lastWords(): Promise<string> {
    const log = await this.#docker.logs(this.#id, {tail: 3})
    return (await log.setEncoding('utf8').toArray()).join('')
  }

  async stop(): Promise<void> {
    this.life.asked = true
    await this.#docker.stop(this.#id, stopGraceSeconds)
    await untilItEnds(stopWithinMs, this.#ended, this.life)
  }
}

/** @throws LabError `timeout` */
async function untilItEnds(ms: number, ended: Promise<void>, {name, lab}: Life): Promise<void> {
  const timer = new AbortController()
  const late = pause(ms, 'late', {signal: timer.signal}).catch(() => undefined)
  const first = await Promise.race([ended, late])
  timer.abort()
  if (first === 'late')
    throw new LabError('timeout', `the program ${name} did not end within ${ms / 1000} s`, {
      hint: next`play it again after: ${onLab(lab, 'heal')}`,
    })
}

function place({group, host, port}: Placed): Record<string, string> {
  return {
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: roles.app,
    PGDATABASE: appDatabase,
    PGSSLMODE: 'disable',
    PGAPPNAME: group.name,
  }
}

function passwordEnvironment({allocation}: Lab, placed: Placed): Record<string, string> {
  const password = allocation.passwords.app
  return {...place(placed), PGPASSWORD: password, DATABASE_URL: url(placed, `:${encodeURIComponent(password)}`)}
}

const passfile = '/pgha-lab/pgpass'
const passwordFile = '/pgha-lab/password'

function fileEnvironment(placed: Placed): Record<string, string> {
  return {...place(placed), PGPASSFILE: passfile, PGPASSWORD_FILE: passwordFile, DATABASE_URL: url(placed, '')}
}

/** libpq takes no password file that others can read; the other file is for whomever the image becomes after its start. */
function secretsOf({allocation}: Lab, {host, port}: Placed) {
  const {app} = allocation.passwords
  const entry = [host, String(port), '*', roles.app, app].map(one => one.replace(/[\\:]/g, '\\$&')).join(':')
  return [
    {path: passfile, text: `${entry}\n`, mode: 0o600},
    {path: passwordFile, text: app, mode: 0o444},
  ]
}

function url({host, port}: Placed, password: string): string {
  return `postgresql://${roles.app}${password}@${host}:${port}/${appDatabase}?sslmode=disable`
}
