/** Volumes that a lab has besides those of its hosts, and the container that carries data between all of them. */
import {labels, type Owner} from '../../topology/topology.ts'
import {LabError} from '../../words/errors.ts'
import {onLab} from '../../words/next-step.ts'
import {gone, hasStatus, type Requests} from './requests.ts'

export interface PorterToStart {
  readonly image: string
  readonly owner: Owner
  /** Where each volume is mounted, by the volume's name. */
  readonly at: Readonly<Record<string, string>>
}

/** As a program of the lab it is found and removed by whoever comes after a crash. */
export const porterName = 'snapshot'
/** Nobody carries for longer, and one that was forgotten ends by itself. */
const porterSeconds = 3600

/** Makes volumes and porters. */
export interface Volumes {
  /** A volume that `down` removes with the lab. */
  makeVolume(lab: string, name: string, owner: Owner): Promise<void>

  /**
   * A container that idles as root with volumes mounted, without a network; gone with its disposal, and whatever runs in it.
   * @throws LabError `no-lab` for a volume that is not there, which the engine would make without our labels.
   */
  porter(lab: string, porter: PorterToStart): Promise<AsyncDisposable & {readonly id: string}>
}

export class VolumesOfEngine implements Volumes {
  readonly #engine: Requests

  constructor(engine: Requests) {
    this.#engine = engine
  }

  async makeVolume(lab: string, name: string, {id, home}: Owner): Promise<void> {
    const Labels = {
      [labels.lab]: lab,
      [labels.owner]: id,
      ...(home === null ? {} : {[labels.home]: home}),
    }
    await this.#engine.change('making a volume', () => this.#engine.api.createVolume({Name: name, Labels}))
  }

  async porter(lab: string, {image, owner, at}: PorterToStart): Promise<AsyncDisposable & {readonly id: string}> {
    for (const name of Object.keys(at)) await this.#mustBeThere(lab, name)
    return this.#engine.change('starting a container that copies', async () => {
      const container = await this.#engine.api.createContainer({
        name: `pgha-lab-${lab}_program-${porterName}`,
        Image: image,
        Entrypoint: ['sleep'],
        Cmd: [String(porterSeconds)],
        Labels: {[labels.lab]: lab, [labels.owner]: owner.id, [labels.program]: porterName},
        HostConfig: {
          ...{NetworkMode: 'none', PidsLimit: 64, SecurityOpt: ['no-new-privileges']},
          CapDrop: ['ALL'],
          // Files keep their owners and times, whoever may read them.
          CapAdd: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL'],
          Mounts: Object.entries(at).map(([Source, Target]) => ({Type: 'volume' as const, Source, Target})),
        },
      })
      try {
        await container.start()
      } catch (error) {
        await gone(container.remove({force: true}))
        throw error
      }
      return {
        id: container.id,
        [Symbol.asyncDispose]: () =>
          this.#engine.change('removing a container', () => gone(container.remove({force: true}))),
      }
    })
  }

  async #mustBeThere(lab: string, name: string): Promise<void> {
    await this.#engine.say('looking for a volume', async () => {
      try {
        await this.#engine.api.getVolume(name).inspect()
      } catch (error) {
        if (!hasStatus(error, 404)) throw error
        throw new LabError('no-lab', `volume ${name} of lab ${lab} is gone`, {hint: onLab(lab, 'status')})
      }
    })
  }
}
