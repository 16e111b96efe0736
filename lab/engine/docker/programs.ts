/** Programs of somebody else's, each in a container of its own. */
import {buffer} from 'node:stream/consumers'
import type Dockerode from 'dockerode'
import {labels} from '../../topology/topology.ts'
import {LabError} from '../../words/errors.ts'
import {firstFile, tarOf} from '../../words/tar.ts'
import {whose} from './belongings.ts'
import {networkOf} from './networks.ts'
import {gone, type Requests} from './requests.ts'

/** A program of somebody else's, for the length of a run. */
export interface ProgramContainer {
  readonly id: string
  readonly program: string
  /** As of a `ContainerState`. */
  readonly state: string
}

export interface ProgramToStart {
  readonly name: string
  readonly image: string
  /** Instead of what the image starts; empty: that. */
  readonly command: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** Put into it before it starts, for the image's own user: in the environment everybody who asks the engine could read them. */
  readonly secrets: readonly {readonly path: string; readonly text: string; readonly mode: number}[]
  /** In the lab's network, or the engine might give it that of a host that is down. */
  readonly address: string
}

/** Starts, finds and removes them. */
export interface Programs {
  /**
   * Starts a program of somebody else's in the lab's network, in a container of its own: no published ports, no privileges, no
   * restart. `down` removes it with the lab; `removeProgram` does so alone.
   */
  startProgram(lab: string, program: ProgramToStart): Promise<ProgramContainer>

  programs(lab: string): Promise<ProgramContainer[]>

  /** Removes the container of a program, running or not. Idempotent. */
  removeProgram(lab: string, program: string): Promise<void>
}

export class ProgramsOfEngine implements Programs {
  readonly #engine: Requests

  constructor(engine: Requests) {
    this.#engine = engine
  }

  async startProgram(lab: string, program: ProgramToStart): Promise<ProgramContainer> {
    const network = await networkOf(this.#engine, lab)
    return this.#engine.change(`starting a container of ${program.image}`, async () => {
      const {Name: networkName, Labels: ofNetwork} = await network.inspect()
      const {owner} = whose(ofNetwork)
      const container = await this.#engine.api.createContainer({
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
    const found = await this.#engine.say('listing containers', () =>
      this.#engine.api.listContainers({all: true, filters}),
    )
    return found.map(one => ({id: one.Id, program: one.Labels[labels.program] ?? '', state: one.State}))
  }

  async removeProgram(lab: string, program: string): Promise<void> {
    const found = (await this.programs(lab)).filter(one => one.program === program)
    await this.#engine.change('removing a container', () =>
      Promise.all(found.map(one => gone(this.#engine.api.getContainer(one.id).remove({force: true, v: true})))),
    )
  }
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
