/** The container that removes a lab when whoever raised it has gone. */
import {createInterface} from 'node:readline'
import {PassThrough} from 'node:stream'
import {labels, type Owner} from '../../topology/topology.ts'
import {LabError} from '../../words/errors.ts'
import {gone, type Requests} from './requests.ts'

export interface ReaperToStart {
  readonly image: string
  readonly owner: Owner
  /** Its program, and what that is given. */
  readonly command: readonly string[]
  /** Of the engine, where the engine itself sees it. */
  readonly socket: string
  /** Where the program looks for it. */
  readonly socketInside: string
  /** What the program says first when it holds. */
  readonly ready: string
}

/** Starts reapers, and finds them. */
export interface Reapers {
  /**
   * Starts a container with the engine's socket in it, and holds its stdin: that ends with this process, or with what is returned, which also
   * removes the container and nothing else.
   * @throws LabError `engine` with what the program said when it does not hold.
   */
  startReaper(lab: string, reaper: ReaperToStart): Promise<AsyncDisposable>

  /** Whether a lab has one. */
  hasReaper(lab: string): Promise<boolean>
}

const limits = {Memory: 128 * 1024 ** 2, PidsLimit: 64} as const

export class ReapersOfEngine implements Reapers {
  readonly #engine: Requests

  constructor(engine: Requests) {
    this.#engine = engine
  }

  async startReaper(lab: string, reaper: ReaperToStart): Promise<AsyncDisposable> {
    return this.#engine.change('starting a reaper', async () => {
      const container = await this.#engine.api.createContainer({
        // No host of any lab is called so: their names have no underscore.
        name: `pgha-lab-${lab}_reaper`,
        Image: reaper.image,
        Cmd: [...reaper.command],
        ...{OpenStdin: true, StdinOnce: true, AttachStdin: true, AttachStdout: true, AttachStderr: true},
        Labels: {[labels.lab]: lab, [labels.owner]: reaper.owner.id, [labels.reaper]: 'yes'},
        HostConfig: {
          ...{...limits, NetworkMode: 'none', AutoRemove: true, CapDrop: ['ALL'], SecurityOpt: ['no-new-privileges']},
          // Not by `Binds`, which makes a folder of a socket that is not there.
          Mounts: [{Type: 'bind', Source: reaper.socket, Target: reaper.socketInside}],
        },
      })
      const remove = () => gone(container.remove({force: true}))
      try {
        const held = await container.attach({
          ...{stream: true, stdin: true, stdout: true, stderr: true, hijack: true},
        })
        held.on('error', () => {}) // the engine has gone, and the container with it or not: nothing is to be done from here
        const [says, complains] = [new PassThrough(), new PassThrough()]
        this.#engine.api.modem.demuxStream(held, says, complains)
        let complaints = ''
        complains.on('data', (chunk: Buffer) => {
          complaints = (complaints + chunk.toString()).slice(-2048)
        })
        for (const sign of ['end', 'close'] as const) held.once(sign, () => says.end())
        await container.start()
        const first = await firstLine(says)
        if (first !== reaper.ready)
          throw new LabError('engine', `the reaper of lab ${lab} cannot do its work: ${lastLine(complaints)}`)
        // It is no reason for a program to go on.
        if ('unref' in held) (held as {unref(): void}).unref()
        return {
          [Symbol.asyncDispose]: async () => {
            await this.#engine.change('removing a reaper', remove)
            ;(held as unknown as {destroy(): void}).destroy()
          },
        }
      } catch (error) {
        await remove().catch(() => {})
        throw error
      }
    })
  }

  async hasReaper(lab: string): Promise<boolean> {
    const filters = {label: [`${labels.lab}=${lab}`, labels.reaper]}
    const found = await this.#engine.say('listing containers', () =>
      this.#engine.api.listContainers({all: true, filters}),
    )
    return found.length > 0
  }
}

async function firstLine(says: PassThrough): Promise<string | undefined> {
  for await (const line of createInterface({input: says})) return line
  return undefined
}

function lastLine(text: string): string {
  const lines = text.trim().split('\n')
  return lines.find(line => /^\w*Error: /.test(line.trim()))?.trim() ?? lines.at(-1) ?? ''
}
