/** The engine: containers, networks and volumes by the lab's label, kill, start, exec, events. The only file that knows dockerode. */
import {AsyncLocalStorage} from 'node:async_hooks'
import {createInterface} from 'node:readline'
import {PassThrough, type Readable, type Writable} from 'node:stream'
import {buffer} from 'node:stream/consumers'
import Dockerode from 'dockerode'
import {type HostName, labels, type Owner} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import {next, onLab, ownCommand, shell} from '../words/next-step.ts'
import {firstFile, tarOf} from '../words/tar.ts'
import {addressOfContext, mustBeLocal} from './context.ts'
import {EngineCalls} from './engine-calls.ts'
import {type EngineLimits, engineLimits} from './engine-limits.ts'

/** A program running in a container; `done` resolves with its exit code, null when the engine lost it. */
export interface Running extends AsyncDisposable {
  readonly stdin: Writable
  /** As it comes; whoever takes this takes it from `lines`. */
  readonly stdout: Readable
  readonly lines: AsyncIterable<string>
  readonly done: Promise<number | null>
  /** The last stderr output, for error messages. */
  stderr(): string
  /** Why nobody hears it any more, when the engine has stopped answering. */
  readonly lost: LabError | undefined
}

export interface ContainerState {
  readonly id: string
  readonly name: string
  readonly host: HostName
  readonly lab: string
  /** created | running | paused | restarting | removing | exited | dead */
  readonly state: string
  readonly image: string
}

/** What the engine knows of a container beyond its state. */
export interface Condition {
  readonly running: boolean
  readonly paused: boolean
  /** On the lab's network. */
  readonly plugged: boolean
  readonly cpuLimited: boolean
  readonly exitCode: number
  /** Ports of this machine that lead into it right now. */
  readonly published: readonly number[]
}

export interface ImageFound {
  /** `sha256:<64 hex>` */
  readonly id: string
  /** ms since 1970. */
  readonly createdAt: number
  readonly labels: Readonly<Record<string, string>>
  readonly tags: readonly string[]
  /** `repository@sha256:<64 hex>`, where it came from a registry. */
  readonly digests: readonly string[]
}

/** A program of somebody else's, for the length of a run. */
export interface ProgramContainer {
  readonly id: string
  readonly program: string
  /** As of a `ContainerState`. */
  readonly state: string
}

/** One thing of the engine that carries a lab's label; such a label is anybody's text. */
export interface Belonging {
  readonly kind: 'container' | 'network' | 'volume'
  readonly id: string
  readonly lab: string
  /** As `Owner` has them; null: it does not say. */
  readonly owner: string | null
  readonly home: string | null
  /** Of a container, as of a `ContainerState`; else null. */
  readonly state: string | null
  /** By the engine's clock, ms since 1970; NaN: it does not say. */
  readonly createdMs: number
}

/** How many of each kind. */
export interface Removed {
  readonly containers: number
  readonly networks: number
  readonly volumes: number
}

export interface EngineEvent {
  readonly host: HostName
  readonly action: string
  readonly exitCode: number | null
  /** Wall clock of the engine, ms since 1970. */
  readonly atMs: number
}

const freezeTries = 5

/**
 * The Docker engine of this process: DOCKER_HOST, else the current docker context. It acts on nothing without our
 * label. Methods throw LabError `docker-missing` when none answers, `timeout` when one keeps silent for longer than the
 * limits allow, `remote-engine` when it is elsewhere and that was not allowed, `engine` with its own words when it
 * refuses, and `no-target` for a host that has no container.
 */
export class Docker {
  readonly limits: EngineLimits
  readonly #api: Dockerode
  readonly #calls: EngineCalls

  constructor(api = engineInUse(), limits = engineLimits()) {
    endWithStops(api)
    this.limits = limits
    this.#api = api
    this.#calls = new EngineCalls(limits, stop => stops.run(stop, () => api.ping()))
  }

  /** An interrupt ends what waits for an engine that does not answer; what one that answers is doing is waited for. */
  heed(signal: AbortSignal): void {
    this.#calls.heed(signal)
  }

  /**
   * For a program of the system that has work done by the engine: ends with `signal`, and with a LabError as its reason when
   * the engine no longer answers.
   */
  answering(signal?: AbortSignal): Disposable & {readonly signal: AbortSignal} {
    const silence = new AbortController()
    const lasting = this.#calls.lasting(error => silence.abort(error))
    return {
      signal: signal === undefined ? silence.signal : AbortSignal.any([signal, silence.signal]),
      [Symbol.dispose]: () => lasting[Symbol.dispose](),
    }
  }

  /** Engine version; throws `docker-missing` with the next step when no engine answers. */
  async version(withinMs = this.limits.answerMs): Promise<string> {
    return (await this.#say('asking for its version', () => this.#api.version(), withinMs)).Version
  }

  /** The engine's wall clock, ms since 1970. */
  async clockMs(): Promise<number> {
    const {SystemTime} = await this.#say('asking for its clock', () => this.#api.info())
    return Date.parse(SystemTime)
  }

  /** The hosts of a lab, or of all labs. */
  async containers(lab?: string): Promise<ContainerState[]> {
    const label = lab === undefined ? labels.lab : `${labels.lab}=${lab}`
    const found = await this.#say('listing containers', () =>
      this.#api.listContainers({all: true, filters: {label: [label, labels.host]}}),
    )
    return found.map(one => ({
      id: one.Id,
      name: one.Names[0]?.slice(1) ?? one.Id,
      host: one.Labels[labels.host] ?? '',
      lab: one.Labels[labels.lab] ?? '',
      state: one.State,
      image: one.Image,
    }))
  }

  /** The container of a host; only one with this lab's label can be found. */
  async container(lab: string, host: HostName): Promise<ContainerState> {
    const found = (await this.containers(lab)).find(one => one.host === host)
    if (found === undefined)
      throw new LabError('no-target', `host ${host} of lab ${lab} has no container`, {
        hint: onLab(lab, 'up'),
      })
    return found
  }

  /** Kills PID 1 of the container and with it every process of the host. */
  async kill(id: string, signal = 'SIGKILL'): Promise<void> {
    await this.#change('killing a container', () => this.#api.getContainer(id).kill({signal}))
  }

  async start(id: string): Promise<void> {
    await this.#change('starting a container', async () => {
      try {
        await this.#api.getContainer(id).start()
      } catch (error) {
        if (!hasStatus(error, 304)) throw error // it runs already
      }
    })
  }

  /** An orderly stop: SIGTERM, and SIGKILL after the grace. */
  async stop(id: string, graceSeconds: number): Promise<void> {
    const withinMs = this.limits.changeMs + graceSeconds * 1000
    await this.#say(
      'stopping a container',
      async () => {
        try {
          await this.#api.getContainer(id).stop({t: graceSeconds})
        } catch (error) {
          if (!hasStatus(error, 304)) throw error
        }
      },
      withinMs,
    )
  }

  /**
   * Freezes every process of the host at once (cgroup freezer). On a busy machine runc gives up on a freezer of cgroup v1 that
   * does not settle, and thaws it ("unable to freeze"; opencontainers/runc, `fs/freezer.go`): then it is asked again.
   */
  async pause(id: string): Promise<void> {
    await this.#change('pausing a container', async () => {
      for (let tries = 1; ; tries++)
        try {
          return await this.#api.getContainer(id).pause()
        } catch (error) {
          if (tries === freezeTries || !String((error as Error).message).includes('unable to freeze')) throw error
        }
    })
  }

  async unpause(id: string): Promise<void> {
    await this.#change('unpausing a container', () => this.#api.getContainer(id).unpause())
  }

  /** Takes the container off the lab's network: its interface goes. */
  async disconnect(id: string, lab: string): Promise<void> {
    const network = await this.#network(lab)
    await this.#change('disconnecting a container', () => network.disconnect({Container: id, Force: true}))
  }

  /** Idempotent. */
  async connect(id: string, lab: string, address: string | undefined): Promise<void> {
    if ((await this.condition(id, lab)).plugged) return
    const network = await this.#network(lab)
    await this.#change('connecting a container', () =>
      network.connect({
        Container: id,
        EndpointConfig: {IPAMConfig: address === undefined ? {} : {IPv4Address: address}},
      }),
    )
  }

  /** Takes a container off any network. */
  async unplug(id: string, network: string): Promise<void> {
    await this.#change('disconnecting a container', () =>
      this.#api.getNetwork(network).disconnect({Container: id, Force: true}),
    )
  }

  /**
   * A container of the image that idles without a network, as free to change its kernel's rules as a host of a lab is. Gone with
   * its disposal; if nobody does that, by itself after a minute; and if it was frozen then, with the next one.
   */
  async throwaway(image: string): Promise<AsyncDisposable & {readonly id: string}> {
    await this.removeThrowaways()
    return this.#change('starting a container to try things in', async () => {
      const container = await this.#api.createContainer({
        Image: image,
        Entrypoint: ['sleep'],
        Cmd: [String(throwawaySeconds)],
        Labels: {[throwawayLabel]: ''},
        HostConfig: {
          ...{NetworkMode: 'none', AutoRemove: true, Memory: 256 * 1024 ** 2, PidsLimit: 64},
          ...{CapDrop: ['ALL'], CapAdd: ['NET_ADMIN'], SecurityOpt: ['no-new-privileges']},
        },
      })
      await container.start()
      return {id: container.id, [Symbol.asyncDispose]: () => this.#remove(container)}
    })
  }

  /** Removes those that nobody disposed of and that did not end by themselves; how many. */
  async removeThrowaways(): Promise<number> {
    const filters = {label: [throwawayLabel]}
    const old = await this.#say('listing containers', () => this.#api.listContainers({all: true, filters}))
    const engineSeconds = (await this.clockMs()) / 1000
    const dead = old.filter(one => one.Created < engineSeconds - 2 * throwawaySeconds)
    await this.#change('removing a container', () =>
      Promise.all(dead.map(one => gone(this.#api.getContainer(one.Id).remove({force: true})))),
    )
    return dead.length
  }

  /**
   * Starts a program of somebody else's in the lab's network, in a container of its own: no published ports, no privileges, no
   * restart. `down` removes it with the lab; `removeProgram` does so alone.
   * @param command instead of what the image starts; empty: that.
   * @param address in the lab's network, or the engine might give it that of a host that is down.
   */
  async startProgram(
    lab: string,
    program: {
      name: string
      image: string
      command: readonly string[]
      environment: Readonly<Record<string, string>>
      /** Put into it before it starts, for the image's own user: in the environment everybody who asks the engine could read them. */
      secrets: readonly {readonly path: string; readonly text: string; readonly mode: number}[]
      address: string
    },
  ): Promise<ProgramContainer> {
    const network = await this.#network(lab)
    return this.#change(`starting a container of ${program.image}`, async () => {
      const {Name: networkName, Labels: ofNetwork} = await network.inspect()
      const {owner} = whose(ofNetwork)
      const container = await this.#api.createContainer({
        // No host of any lab is called so: their names have no underscore.
        name: `pgha-lab-${lab}_program-${program.name}`,
        Image: program.image,
        ...(program.command.length > 0 ? {Cmd: [...program.command]} : {}),
        Env: Object.entries(program.environment).map(([name, value]) => `${name}=${value}`),
        Labels: {
          [labels.lab]: lab,
          [labels.program]: program.name,
          ...(owner === null ? {} : {[labels.owner]: owner}),
        },
        HostConfig: {
          ...programLimits,
          NetworkMode: networkName,
          LogConfig: {Type: 'json-file', Config: {'max-size': '10m', 'max-file': '1'}},
          SecurityOpt: ['no-new-privileges'],
          CapDrop: ['ALL'],
          CapAdd: [...programCapabilities],
        },
        NetworkingConfig: {EndpointsConfig: {[networkName]: {IPAMConfig: {IPv4Address: program.address}}}},
      })
      try {
        if (program.secrets.length > 0) {
          const user = await userOf(container)
          const files = program.secrets.map(({path, text, mode}) => ({path: path.slice(1), text, mode, ...user}))
          await container.putArchive(tarOf(files), {path: '/'})
        }
        await container.start()
      } catch (error) {
        await gone(container.remove({force: true}))
        throw error
      }
      return {id: container.id, program: program.name, state: 'running'}
    })
  }

  async programs(lab: string): Promise<ProgramContainer[]> {
    const filters = {label: [`${labels.lab}=${lab}`, labels.program]}
    const found = await this.#say('listing containers', () => this.#api.listContainers({all: true, filters}))
    return found.map(one => ({id: one.Id, program: one.Labels[labels.program] ?? '', state: one.State}))
  }

  /** The observer of a lab; undefined when it has none. `state` is as of a `ContainerState`. */
  async observer(lab: string): Promise<{readonly id: string; readonly state: string} | undefined> {
    const filters = {label: [`${labels.lab}=${lab}`, labels.observer]}
    const [found] = await this.#say('listing containers', () => this.#api.listContainers({all: true, filters}))
    return found === undefined ? undefined : {id: found.Id, state: found.State}
  }

  /** Removes the container of a program, running or not. Idempotent. */
  async removeProgram(lab: string, program: string): Promise<void> {
    const found = (await this.programs(lab)).filter(one => one.program === program)
    await this.#change('removing a container', () =>
      Promise.all(found.map(one => gone(this.#api.getContainer(one.id).remove({force: true, v: true})))),
    )
  }

  /** Resolves with the exit code when the container has ended. */
  async untilEnded(id: string): Promise<number> {
    const doing = 'waiting for a container'
    const stop = new AbortController()
    const {promise: lost, reject} = Promise.withResolvers<never>()
    using _lasting = this.#calls.lasting(error => {
      reject(error)
      stop.abort(error)
    })
    const ended = stops.run(stop.signal, () => this.#api.getContainer(id).wait())
    const {StatusCode} = await told(doing, () => Promise.race([ended, lost]))
    return StatusCode
  }

  /** How many CPUs the container may use; null: all. */
  async limitCpus(id: string, cpus: number | null): Promise<void> {
    // The engine takes 0 for "unchanged": no limit is said as a quota of -1.
    const limit =
      cpus === null ? {CpuPeriod: 100_000, CpuQuota: -1} : {CpuPeriod: 100_000, CpuQuota: Math.round(cpus * 100_000)}
    await this.#change('limiting the CPUs of a container', () => this.#api.getContainer(id).update(limit))
  }

  async condition(id: string, lab: string): Promise<Condition> {
    const seen = await this.#say('inspecting a container', () => this.#api.getContainer(id).inspect())
    const networks = Object.keys(seen.NetworkSettings.Networks ?? {})
    return {
      running: seen.State.Running,
      paused: seen.State.Paused,
      plugged: networks.some(name => name.startsWith(`pgha-lab-${lab}_`)),
      cpuLimited: (seen.HostConfig.CpuQuota ?? 0) > 0,
      exitCode: seen.State.ExitCode,
      published: publishedPorts(seen.NetworkSettings.Ports),
    }
  }

  async #network(lab: string): Promise<Dockerode.Network> {
    const [found] = await this.#say('looking for a network', () =>
      this.#api.listNetworks({filters: {label: [`${labels.lab}=${lab}`]}}),
    )
    if (found === undefined) throw new LabError('no-target', `lab ${lab} has no network`, {hint: onLab(lab, 'up')})
    return this.#api.getNetwork(found.Id)
  }

  async isRunning(id: string): Promise<boolean> {
    const seen = await this.#say('inspecting a container', () => this.#api.getContainer(id).inspect())
    return seen.State.Running && !seen.State.Paused
  }

  /** Starts a program in a container with stdin, stdout by lines and stderr kept apart. */
  async exec(
    id: string,
    argv: readonly string[],
    options: {env?: readonly string[]; user?: string} = {},
  ): Promise<Running> {
    const exec = await this.#say(`running ${argv[0]} in a container`, () =>
      this.#api.getContainer(id).exec({
        Cmd: [...argv],
        AttachStdin: true,
        AttachStdout: true,
        AttachStderr: true,
        Tty: false,
        ...(options.env ? {Env: [...options.env]} : {}),
        ...(options.user ? {User: options.user} : {}),
      }),
    )
    const stream = await this.#say(`running ${argv[0]} in a container`, () => exec.start({hijack: true, stdin: true}))
    let lost: LabError | undefined
    const lasting = this.#calls.lasting(error => {
      lost = error
      stream.destroy()
    })
    const stdout = new PassThrough()
    const stderr = new PassThrough()
    this.#api.modem.demuxStream(stream, stdout, stderr)
    let complaints = ''
    stderr.on('data', (chunk: Buffer) => {
      complaints = (complaints + chunk.toString()).slice(-4096)
    })
    const ended = new Promise<void>(resolve => {
      for (const sign of ['end', 'close', 'error'] as const) stream.once(sign, () => resolve())
    }).then(() => {
      lasting[Symbol.dispose]()
      stdout.end()
      stderr.end()
    })
    return {
      stdin: stream,
      stdout,
      get lines() {
        return createInterface({input: stdout, crlfDelay: Number.POSITIVE_INFINITY})
      },
      done: ended.then(async () => {
        if (lost !== undefined) return null
        const seen = await this.#say('asking how a program ended', () => exec.inspect()).catch(() => undefined)
        return seen?.ExitCode ?? null
      }),
      stderr: () => complaints,
      get lost() {
        return lost
      },
      async [Symbol.asyncDispose]() {
        stream.end()
        stream.destroy()
      },
    }
  }

  /** Runs a program that ends soon to its end and returns what it printed. */
  async run(
    id: string,
    argv: readonly string[],
    options: {user?: string} = {},
  ): Promise<{code: number | null; out: string; err: string}> {
    await using running = await this.exec(id, argv, options)
    running.stdin.end()
    // Awaited here: the stream belongs to this scope.
    return await this.#change(`running ${argv[0]} in a container`, async () => {
      const lines: string[] = []
      for await (const line of running.lines) lines.push(line)
      const code = await running.done
      if (running.lost !== undefined) throw running.lost
      return {code, out: lines.join('\n'), err: running.stderr()}
    })
  }

  /** Container output since its creation, as the engine keeps it. */
  async logs(
    id: string,
    options: {follow?: boolean; tail?: number; timestamps?: boolean; sinceSeconds?: number} = {},
  ): Promise<Readable> {
    const both = new PassThrough()
    const {follow: _, sinceSeconds: since, ...rest} = options
    const common = {stdout: true, stderr: true, ...rest, ...(since === undefined ? {} : {since})}
    if (options.follow) {
      const stream = await this.#say('reading logs', () => this.#api.getContainer(id).logs({...common, follow: true}))
      this.#api.modem.demuxStream(stream, both, both)
      // An engine that goes away ends it without an `end`.
      for (const sign of ['end', 'close', 'error'] as const) stream.on(sign, () => both.end())
      const hangUp = () => (stream as unknown as {destroy?(): void}).destroy?.()
      both.on('error', () => {}) // whoever reads on gets it all the same
      const lasting = this.#calls.lasting(error => both.destroy(error))
      both.on('close', () => {
        lasting[Symbol.dispose]()
        hangUp()
      })
      return both
    }
    const all = await this.#change('reading logs', () => this.#api.getContainer(id).logs({...common, follow: false}))
    both.end(withoutFrames(all as unknown as Buffer))
    return both
  }

  /** Events of a lab's hosts as they happen, until the signal. @param begun told when the engine has begun to tell. */
  async *events(lab: string, signal: AbortSignal, begun: () => void = () => {}): AsyncGenerator<EngineEvent> {
    const stream = (await this.#say('listening to events', () =>
      this.#api.getEvents({filters: {type: ['container'], label: [`${labels.lab}=${lab}`, labels.host]}}),
    )) as Readable
    const stop = () => stream.destroy()
    signal.addEventListener('abort', stop, {once: true})
    using _lasting = this.#calls.lasting(error => stream.destroy(error))
    begun()
    try {
      for await (const line of createInterface({input: stream})) {
        const event = JSON.parse(line)
        const attributes = event.Actor?.Attributes ?? {}
        yield {
          host: attributes[labels.host] ?? '',
          action: String(event.Action),
          exitCode: attributes.exitCode === undefined ? null : Number(attributes.exitCode),
          atMs: event.timeNano / 1e6,
        }
      }
    } catch (error) {
      if (!signal.aborted) throw error
    } finally {
      signal.removeEventListener('abort', stop)
      stream.destroy()
    }
  }

  /** Everything that carries a lab's label, of one lab or of all. */
  async belongings(lab?: string): Promise<Belonging[]> {
    const filters = {label: [lab === undefined ? labels.lab : `${labels.lab}=${lab}`]}
    return this.#say('listing what labs have', async () => {
      const containers = await this.#api.listContainers({all: true, filters})
      const networks = await this.#api.listNetworks({filters})
      const volumes = (await this.#api.listVolumes({filters: JSON.stringify(filters)})).Volumes ?? []
      return [
        ...containers.map(one => ({
          ...whose(one.Labels),
          kind: 'container' as const,
          id: one.Id,
          state: one.State,
          createdMs: one.Created * 1000,
        })),
        ...networks.map(one => ({
          ...whose(one.Labels),
          kind: 'network' as const,
          id: one.Id,
          state: null,
          createdMs: Date.parse(one.Created),
        })),
        ...volumes.map(one => ({
          ...whose(one.Labels),
          kind: 'volume' as const,
          id: one.Name,
          state: null,
          createdMs: Date.parse((one as {CreatedAt?: string}).CreatedAt ?? ''),
        })),
      ]
    })
  }

  /**
   * Removes these and nothing else; what is gone already counts as removed.
   * @param evenRunning without it the engine itself refuses a container that runs by now, and this throws `not-yours`.
   */
  async remove(belongings: readonly Belonging[], evenRunning: boolean): Promise<Removed> {
    const of = (kind: Belonging['kind']) => belongings.filter(one => one.kind === kind)
    const [containers, networks, volumes] = [of('container'), of('network'), of('volume')]
    await this.#change('removing a lab', async () => {
      const removals = await Promise.allSettled(
        containers.map(one => this.#api.getContainer(one.id).remove({force: evenRunning, v: true})),
      )
      for (const removal of removals) {
        if (removal.status === 'fulfilled') continue
        if (!evenRunning && /running|paused|restarting/.test(String(removal.reason?.message)))
          throw new LabError('not-yours', 'it was started again meanwhile', {cause: removal.reason})
        await gone(Promise.reject(removal.reason))
      }
      await Promise.all(networks.map(one => gone(this.#api.getNetwork(one.id).remove())))
      await Promise.all(volumes.map(one => gone(this.#api.getVolume(one.id).remove({force: true}))))
    })
    return {containers: containers.length, networks: networks.length, volumes: volumes.length}
  }

  /**
   * Claims the name of a lab on this engine: of two at once, the engine makes the volume of one, and both are told whose it is. Until
   * there is a container, nothing else that Compose makes tells two labs of one name apart.
   */
  async claim(lab: string, owner: Owner): Promise<Belonging> {
    const Labels = {
      [labels.lab]: lab,
      [labels.owner]: owner.id,
      ...(owner.home === null ? {} : {[labels.home]: owner.home}),
    }
    const Name = claimOf(lab)
    return this.#change('claiming the name of a lab', async () => {
      await this.#api.createVolume({Name, Labels})
      const made = await this.#api.getVolume(Name).inspect()
      return {...whose(made.Labels), kind: 'volume', id: Name, state: null, createdMs: Number.NaN}
    })
  }

  /** What remains that carries the label, by kind. */
  async leftovers(lab: string): Promise<Removed> {
    const all = await this.belongings(lab)
    const of = (kind: Belonging['kind']) => all.filter(one => one.kind === kind).length
    return {containers: of('container'), networks: of('network'), volumes: of('volume')}
  }

  /** Subnets of all networks of the engine, CIDR. */
  async subnets(): Promise<string[]> {
    const networks = await this.#say('listing networks', () => this.#api.listNetworks())
    return networks.flatMap(one => one.IPAM?.Config?.flatMap(config => config.Subnet ?? []) ?? [])
  }

  async hasImage(tag: string): Promise<boolean> {
    return (await this.image(tag)) !== null
  }

  /** By its tag or id; null when it is not here. */
  async image(reference: string): Promise<ImageFound | null> {
    return this.#say('looking for an image', async () => {
      try {
        const {Id, Created, Config, RepoTags, RepoDigests} = await this.#api.getImage(reference).inspect()
        return {
          id: Id,
          createdAt: Date.parse(Created),
          labels: Config?.Labels ?? {},
          tags: RepoTags ?? [],
          digests: RepoDigests ?? [],
        }
      } catch (error) {
        if (hasStatus(error, 404)) return null
        throw error
      }
    })
  }

  /** The tags of all images with this label. */
  async taggedImages(label: string): Promise<string[]> {
    const found = await this.#say('listing images', () => this.#api.listImages({filters: {label: [label]}}))
    return found.flatMap(one => one.RepoTags ?? [])
  }

  /** @param tag `repository:tag`; it is taken from the image that had it. */
  async tagImage(reference: string, tag: string): Promise<void> {
    const [repo = '', name = 'latest'] = tag.split(':')
    await this.#change('tagging an image', () => this.#api.getImage(reference).tag({repo, tag: name}))
  }

  /** The image goes with its last tag, unless a container uses it: then the tag stays too, and the answer is false. */
  async removeImage(tag: string): Promise<boolean> {
    return this.#change('removing an image', async () => {
      const found = await this.image(tag)
      const containers = await this.#api.listContainers({all: true})
      if (found === null || containers.some(one => one.ImageID === found.id)) return false
      await gone(this.#api.getImage(tag).remove())
      return true
    })
  }

  #remove(container: Dockerode.Container): Promise<void> {
    return this.#change('removing a container', () => gone(container.remove({force: true})))
  }

  /** What changes something may take longer than an answer. */
  #change<T>(doing: string, call: () => Promise<T>): Promise<T> {
    return this.#say(doing, call, this.limits.changeMs)
  }

  /** A call, within its limit; what the engine or the way to it says is turned into one sentence. */
  #say<T>(doing: string, call: () => Promise<T>, withinMs = this.limits.answerMs): Promise<T> {
    return told(doing, () => this.#calls.within(withinMs, doing, stop => stops.run(stop, call)))
  }
}

/** What ends the requests that are made right now. */
const stops = new AsyncLocalStorage<AbortSignal>()

/** dockerode takes a signal for each request; here every one gets that of the call that it belongs to. */
function endWithStops({modem}: Dockerode): void {
  const dial = modem.dial.bind(modem)
  modem.dial = (options, done) => {
    const abortSignal = stops.getStore()
    dial(abortSignal === undefined ? options : {...options, abortSignal}, done)
  }
}

async function told<T>(doing: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (error instanceof LabError) throw error
    const {code, statusCode, message} = error as {code?: string; statusCode?: number; message: string}
    if (
      statusCode === undefined &&
      ['ECONNREFUSED', 'ENOENT', 'EACCES', 'ECONNRESET', 'EPIPE', 'ENOTFOUND', 'ETIMEDOUT'].includes(code ?? '')
    )
      throw new LabError(
        'docker-missing',
        code === 'EACCES' ? 'this user may not talk to the Docker engine' : 'no Docker engine answers',
        {cause: error, hint: ownCommand('doctor')},
      )
    if (/no space left on device/i.test(message))
      throw new LabError('disk-full', `the disk of the Docker engine is full: it failed at ${doing}`, {
        cause: error,
        hint: next`to see what fills it: ${shell('docker system df')}`,
      })
    throw new LabError('engine', `Docker failed at ${doing}: ${message}`, {cause: error})
  }
}

/** No host has a dot in its name. */
export function claimOf(lab: string): string {
  return `pgha-lab-${lab}.claim`
}

/** dockerode reads DOCKER_HOST and knows nothing of the docker client's contexts. */
function engineInUse(): Dockerode {
  const address = addressOfContext()
  if (address !== null) process.env.DOCKER_HOST = address
  mustBeLocal(process.env)
  return new Dockerode()
}

function whose(of: Readonly<Record<string, string>> | null | undefined): Pick<Belonging, 'lab' | 'owner' | 'home'> {
  return {lab: of?.[labels.lab] ?? '', owner: of?.[labels.owner] ?? null, home: of?.[labels.home] ?? null}
}

/** Ports of this machine that lead into the container right now. */
function publishedPorts(ports: Readonly<Record<string, readonly {HostPort: string}[] | null>> | undefined): number[] {
  return Object.values(ports ?? {}).flatMap(bound => (bound ?? []).map(one => Number(one.HostPort)))
}

/** Nobody's client needs more; one that has run wild must not take the lab's machine. */
const programLimits = {Memory: 1024 ** 3, PidsLimit: 512} as const

/** An image may start as root, prepare its folders and become somebody else. More than that no client needs. */
const programCapabilities = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'KILL', 'NET_BIND_SERVICE', 'SETGID', 'SETUID'] as const

/** The numbers of the user that an image starts its program as: it says them, or a name that stands in its own /etc/passwd. */
async function userOf(container: Dockerode.Container): Promise<{uid: number; gid: number}> {
  const {Config} = await container.inspect()
  return userNumbers(Config.User, async () => {
    const archive = await container.getArchive({path: '/etc/passwd'})
    return firstFile(await buffer(archive)) ?? ''
  })
}

/** @param user as an image has it: empty, `name`, `1000`, either with `:group`. Of a group's name its user's own group is taken. */
export async function userNumbers(user: string, passwd: () => Promise<string>): Promise<{uid: number; gid: number}> {
  const [name = '', group = ''] = user.split(':')
  if (name === '' || name === 'root') return {uid: 0, gid: 0}
  if (/^\d+$/.test(name)) return {uid: Number(name), gid: /^\d+$/.test(group) ? Number(group) : 0}
  const fields = (await passwd()).split('\n').map(line => line.split(':'))
  const found = fields.find(([known]) => known === name)
  if (found === undefined)
    throw new LabError('image', `the image starts as ${name}, whom its /etc/passwd does not know`)
  return {uid: Number(found[2]), gid: /^\d+$/.test(group) ? Number(group) : Number(found[3])}
}

/** Of containers that belong to no lab. */
const throwawayLabel = 'pgha-lab.throwaway'
const throwawaySeconds = 60

function hasStatus(error: unknown, status: number): boolean {
  return (error as {statusCode?: number}).statusCode === status
}

/** Removing what is gone already is no failure. */
async function gone(removal: Promise<unknown>): Promise<void> {
  try {
    await removal
  } catch (error) {
    if (!hasStatus(error, 404) && !hasStatus(error, 409)) throw error
  }
}

/** The engine prefixes each chunk of a container without a TTY with 8 bytes: stream, 3 zeros, length (Docker API, attach). */
function withoutFrames(framed: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; at + 8 <= framed.length; ) {
    const length = framed.readUInt32BE(at + 4)
    parts.push(framed.subarray(at + 8, at + 8 + length))
    at += 8 + length
  }
  return Buffer.concat(parts)
}
