/**
 * A Docker engine of a test's own, to be killed, starved and restarted: in a network namespace that is connected to nothing, or to
 * this machine alone, as another machine's would be; with its root on a small tmpfs. The machine's own engine, its bridge and its rules are never touched. Needs root, on Linux.
 *
 * Everything it is made of hangs on its mount namespace and its folder: it goes with `dispose`, and what a killed test has left is
 * removed by the next `start`.
 */
import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync} from 'node:fs'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {execa} from 'execa'
import {imageTags} from '../../../lab/setup/images.ts'
import {pghaLab} from '../cli.ts'
import type {OwnLan} from './own-lan.ts'

interface OwnEngineOptions {
  /** Of its network namespace, its folder and its cgroups: one for each engine that lives at the same time. */
  readonly name?: string
  /** From 1: it is at an address of a network that this machine has too, 10.251.<link>.2, where it answers at tcp://...:2375. */
  readonly link?: number
  /** It is the machine with this number, from 1, in a network that other engines are in too, and answers at tcp://...:2375 there. */
  readonly lan?: {readonly network: OwnLan; readonly number: number}
}

/** All of it is memory, as far as it is used; the images take 1 GB of it. */
const rootSize = '3g'
const startsWithinMs = 60_000

export class OwnEngine implements AsyncDisposable {
  readonly name: string
  /** As DOCKER_HOST has it; null: it answers at its socket alone. */
  readonly address: string | null
  readonly #holder: ChildProcess
  #dockerd: ChildProcess | undefined

  private constructor(holder: ChildProcess, name: string, address: string | null) {
    this.#holder = holder
    this.name = name
    this.address = address
  }

  /** Where it always answers, whatever network it is in. */
  get socket(): string {
    return placesOf(this.name).socket
  }

  /** With the lab's images in it, from the machine's own engine. */
  static async start({name = 'pgha-own-engine', link, lan}: OwnEngineOptions = {}): Promise<OwnEngine> {
    const namespace = name
    const {root, socket} = placesOf(name)
    await removeOld(name)
    mkdirSync(root, {recursive: true})
    await execa('ip', ['netns', 'add', namespace])
    await execa('ip', ['-n', namespace, 'link', 'set', 'lo', 'up'])
    if (link !== undefined) await connect(namespace, link)
    await lan?.network.connect(namespace, lan.number)
    // The holder keeps the mounts while dockerd is dead. It ends with this process, however that ends: its stdin breaks.
    const prepare = `mount --make-rprivate / && mount -t tmpfs -o size=${rootSize} tmpfs ${root} && mount -t tmpfs tmpfs /run && echo ready && exec cat`
    const holder = spawn('nsenter', [`--net=/run/netns/${namespace}`, 'unshare', '-m', 'sh', '-c', prepare], {
      stdio: ['pipe', 'pipe', 'inherit'],
      detached: true,
    })
    await once(holder.stdout!, 'data')
    const at = lan?.network.addressOf(lan.number) ?? (link === undefined ? undefined : `10.251.${link}.2`)
    const engine = new OwnEngine(holder, name, at === undefined ? null : `tcp://${at}:2375`)
    try {
      await engine.startDockerd()
      const {host, app} = imageTags()
      await execa('sh', ['-c', 'docker save "$1" "$2" | docker -H "$3" load', 'load', host, app, `unix://${socket}`])
      return engine
    } catch (error) {
      await engine[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Resolves when it answers. */
  async startDockerd(): Promise<void> {
    const {root, socket, logFile} = placesOf(this.name)
    const log = openSync(logFile, 'a')
    const flags = [
      '--data-root',
      root,
      '--exec-root',
      '/run/docker',
      '--pidfile',
      '/run/docker.pid',
      '-H',
      `unix://${socket}`,
      // Nobody but this machine is in that network. It says so, or dockerd waits for somebody to change his mind.
      ...(this.address === null ? [] : ['-H', this.address, '--tls=false']),
    ]
    const argv = [
      ...this.#inside,
      'dockerd',
      ...flags,
      '--cgroup-parent',
      `/${this.name}`,
      '--ip6tables=false',
      '--bip',
      '172.31.250.1/24',
    ]
    const dockerd = spawn('nsenter', argv, {stdio: ['ignore', log, log], detached: true})
    closeSync(log)
    this.#dockerd = dockerd
    for (let waited = 0; waited < startsWithinMs; waited += 200) {
      if (dockerd.exitCode !== null) break
      const {exitCode} = await this.docker(['version'], {timeout: 5000})
      if (exitCode === 0) return
      await sleep(200)
    }
    throw new Error(`the test's own engine did not start:\n${readFileSync(logFile, 'utf8').slice(-3000)}`)
  }

  /** SIGKILL: its containers live on, and nobody knows of them. */
  async kill(): Promise<void> {
    if (this.#dockerd === undefined) return
    const ended = once(this.#dockerd, 'exit')
    this.#dockerd.kill('SIGKILL')
    await ended
    this.#dockerd = undefined
  }

  /** The machine is gone: its engine and all that ran on it. */
  async die(): Promise<void> {
    await this.kill()
    for (let tries = 0; tries < 100; tries++) {
      const pids = (await processes(this.name)).filter(pid => pid !== this.#holder.pid)
      if (pids.length === 0) return
      for (const pid of pids) kill(pid)
      await sleep(50)
    }
  }

  /** It is there and does nothing: connections are accepted by the kernel, and nobody answers. */
  hang(): void {
    this.#dockerd?.kill('SIGSTOP')
  }

  goOn(): void {
    this.#dockerd?.kill('SIGCONT')
  }

  /** Takes all the room that the engine's disk has left. */
  async fillDisk(): Promise<void> {
    await this.#sh(
      `dd if=/dev/zero of=${placesOf(this.name).root}/filling bs=1M 2> /dev/null; sync; df -h ${placesOf(this.name).root}`,
      false,
    )
  }

  async freeDisk(): Promise<void> {
    await this.#sh(`rm -f ${placesOf(this.name).root}/filling`)
  }

  /** As a full disk leaves it now and again: a record of which only a part was written. */
  async tearLog(host: string): Promise<void> {
    const {stdout: id} = await this.docker(['ps', '--quiet', '--filter', `name=${host}`])
    const {stdout: file} = await this.docker(['inspect', '--format', '{{.LogPath}}', String(id).trim()])
    const append = ['sh', '-c', 'printf %s "$1" >> "$2"', 'tear', '{"log":"half a rec', String(file).trim()]
    await execa('nsenter', [...this.#inside, ...append], {stdin: 'ignore'})
  }

  /** As it was: running, answering, with room on its disk. */
  async restore(): Promise<void> {
    this.goOn()
    await this.freeDisk()
    if (this.#dockerd === undefined) await this.startDockerd()
  }

  docker(argv: readonly string[], options: {timeout?: number} = {}) {
    return execa('docker', ['-H', `unix://${placesOf(this.name).socket}`, ...argv], {
      reject: false,
      stdin: 'ignore',
      ...options,
    })
  }

  /** The command line inside the engine's network, where alone the published ports are. */
  pghaLab(argv: readonly string[], env: Readonly<Record<string, string>>) {
    const {socket} = placesOf(this.name)
    return pghaLab(argv, {env: {...env, DOCKER_HOST: `unix://${socket}`}}, ['nsenter', `--net=/run/netns/${this.name}`])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.goOn()
    await this.kill()
    this.#holder.stdin?.end()
    await removeOld(this.name)
  }

  get #inside(): string[] {
    return ['--target', String(this.#holder.pid), '--net', '--mount']
  }

  async #sh(script: string, mustWork = true): Promise<void> {
    await execa('nsenter', [...this.#inside, 'sh', '-c', script], {reject: mustWork, stdin: 'ignore'})
  }
}

function placesOf(name: string) {
  const folder = `/var/tmp/${name}`
  return {folder, socket: join(folder, 'docker.sock'), logFile: join(folder, 'dockerd.log'), root: join(folder, 'root')}
}

/** A cable between this machine and the namespace. It goes with the namespace. */
async function connect(namespace: string, link: number): Promise<void> {
  const [here, there] = [`pgha-own-${link}`, 'eth0']
  const ip = (...words: readonly string[]) => execa('ip', [...words])
  await ip('link', 'add', here, 'type', 'veth', 'peer', 'name', there, 'netns', namespace)
  await ip('address', 'add', `10.251.${link}.1/30`, 'dev', here)
  await ip('link', 'set', here, 'up')
  await ip('-n', namespace, 'address', 'add', `10.251.${link}.2/30`, 'dev', there)
  await ip('-n', namespace, 'link', 'set', there, 'up')
}

/** Every process of it, so that its mounts go with the last; then what is left: folders of cgroups, the namespace, its own folder. */
async function removeOld(name: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    const pids = await processes(name)
    for (const pid of pids) kill(pid)
    // A cgroup is busy until the last of its processes has been reaped.
    if (
      pids.length === 0 &&
      (await execa('sh', ['-c', `${cgroupsOf(name)} -type d -exec rmdir {} +`], {reject: false})).exitCode === 0
    )
      break
    if (tries === 100) throw new Error(`the test's own engine cannot be removed; its processes: ${pids.join(', ')}`)
    await sleep(100)
  }
  if (existsSync(`/run/netns/${name}`)) await execa('ip', ['netns', 'delete', name])
  rmSync(placesOf(name).folder, {recursive: true, force: true})
}

function cgroupsOf(name: string): string {
  return `find /sys/fs/cgroup -depth -path '*/${name}*'`
}

/** The engine and what runs beside it are in its network namespace; containers have their own, and are in its cgroups. */
async function processes(name: string): Promise<number[]> {
  const inNamespace = await execa('ip', ['netns', 'pids', name], {reject: false})
  const inCgroups = await execa('sh', ['-c', `${cgroupsOf(name)} -name cgroup.procs -exec cat {} +`], {reject: false})
  return [...new Set(`${inNamespace.stdout}\n${inCgroups.stdout}`.split('\n').map(Number))].filter(pid => pid > 0)
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // it has ended
  }
}
