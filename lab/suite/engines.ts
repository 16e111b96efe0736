/** The engines of a suite: how many labs each bears, and whether it is still there. */
import {Docker} from '../engine/docker.ts'
import {environmentOf} from '../engine/named.ts'
import {type Strain, sayStrain, strainOf} from '../history/strain.ts'
import {loadRun} from '../state/find-run.ts'
import {LabError} from '../words/errors.ts'
import {type Bearing, type Borne, bearingOf, borne, isStarved} from './bearing.ts'

/** How a suite learns of its engines. */
export interface EngineWatch {
  /** Never rejects. */
  readonly answers: (engine: string) => Promise<boolean>
  /** How hard the machine had it in the run of this folder; null: it does not tell. Never rejects. */
  readonly strainIn: (folder: string) => Promise<Strain | null>
}

/** So many labs in a row that could not be raised, and nothing more is tried there. */
const mostFailedRaises = 2
const answersWithinMs = 10_000

export class SuiteEngine {
  /** null: the one in use, of which nobody spoke. It begins with what was asked for. */
  readonly name: string | null
  readonly raising = oneAtATime()
  bearing: Bearing
  /** Why nothing is played on it any more: it does not answer, or no lab can be raised there. */
  lost: 'gone' | 'raises' | null = null
  #failedRaises = 0

  /** @param most labs at once. */
  constructor(name: string | null, most: number) {
    this.name = name
    this.bearing = name === null ? {...bearingOf(most), width: most} : bearingOf(most)
  }

  get id(): string {
    return this.name ?? ''
  }

  /** In words. */
  get called(): string {
    return this.name ?? 'the engine'
  }

  /** A calm run tells something of it. */
  get mayBearMore(): boolean {
    return this.bearing.width < this.bearing.most
  }

  /** Of an outcome. */
  get named(): {readonly engine?: string} {
    return this.name === null ? {} : {engine: this.name}
  }

  /** Where a lab is raised, in words. */
  get on(): readonly string[] {
    return this.name === null ? [] : [`on ${this.name}`]
  }

  get environment(): Readonly<Record<string, string | undefined>> | undefined {
    return this.name === null ? undefined : {...environmentOf(this.name)}
  }

  hasRaised(worked: boolean): void {
    this.#failedRaises = worked ? 0 : this.#failedRaises + 1
    if (this.#failedRaises >= mostFailedRaises) this.lost ??= 'raises'
  }

  /** `says` what has changed, `starved` why the run proves nothing; both empty when there is nothing to say. */
  learn(run: Borne): {readonly says: string; readonly starved: string} {
    const before = this.bearing
    const strain = run.strain === null ? '' : sayStrain(run.strain)
    this.bearing = borne(before, run)
    const {width} = this.bearing
    const labs = `${width} lab${width === 1 ? '' : 's'} at once`
    return {
      says:
        width > before.width ? `bears ${labs}` : width < before.width ? `bears no more than ${labs}: ${strain}` : '',
      starved: isStarved(run, before) ? `it proved nothing beside others on ${this.called}: ${strain}` : '',
    }
  }
}

export const watchEngines: EngineWatch = {
  async answers(engine) {
    try {
      await new Docker(engine).version(answersWithinMs)
      return true
    } catch {
      return false
    }
  },
  async strainIn(folder) {
    try {
      return strainOf((await loadRun({folder, events: `${folder}/events.ndjson`})).history)
    } catch (error) {
      // A run that could not be recorded is told by itself.
      if (error instanceof LabError || (error as NodeJS.ErrnoException).code !== undefined) return null
      throw error
    }
  },
}

/** Two labs that start at once slow each other down more than they gain. */
function oneAtATime(): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return task => {
    const mine = last.then(task)
    last = mine.catch(() => {}) // whoever asked for it gets the error
    return mine
  }
}
