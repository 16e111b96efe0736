/**
 * Watches whichever lab has this name. After `down` there is none; after `up` there is another one, with other hosts, addresses and
 * passwords, and whoever looks at the earlier one sees nothing, or what it was last.
 */
import {statSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {
  type Allocation,
  composeFile,
  engineOfLab,
  type Lab,
  loadLab,
  openLab,
  type Watched,
  type WatchListener,
  type WatchOptions,
  watchLab,
} from '../../lab/index.ts'
import {LabError} from '../../lab/inside/start.ts'

/** What becomes of it. */
export interface NamedListener extends WatchListener {
  /** Nothing more comes of the one that was watched. */
  gone(): void
  /** Another one is watched from now on, whose time begins anew. */
  anew(): void
}

/** What is kept of labs, and how one is watched. */
export interface Kept {
  /** Changes whenever something may have changed; null: there is no such lab. */
  stamp(name: string): string | null
  allocation(name: string): Allocation | null
  open(name: string): Lab
  watch: typeof watchLab
}

export class NamedWatch implements AsyncDisposable {
  #lab: Lab
  readonly #listener: NamedListener
  readonly #options: WatchOptions
  readonly #kept: Kept
  #stamp: string | null
  #watched: Watched | undefined
  #turns = 0
  #turning: Promise<void> | undefined

  constructor(lab: Lab, listener: NamedListener, options: WatchOptions, kept: Kept = onThisMachine) {
    this.#lab = lab
    this.#listener = listener
    this.#options = options
    this.#kept = kept
    this.#stamp = kept.stamp(lab.name)
  }

  get lab(): Lab {
    return this.#lab
  }

  /** Undefined while there is no such lab. */
  get watched(): Watched | undefined {
    return this.#watched
  }

  async begin(): Promise<void> {
    this.#watched = await this.#kept.watch(this.#lab, this.#hearing(), this.#options)
  }

  /** Of the lab that is watched from now on: what comes late of an earlier one is not of it. */
  #hearing(): WatchListener {
    const turn = ++this.#turns
    const heard = <T extends readonly unknown[]>(tell: ((...told: T) => void) | undefined) =>
      tell && ((...told: T) => turn === this.#turns && tell(...told))
    const {event, log, quorum, load} = this.#listener
    return {
      event: heard(event)!,
      ...(log && {log: heard(log)!}),
      ...(quorum && {quorum: heard(quorum)!}),
      ...(load && {load: heard(load)!}),
    }
  }

  /** To be called every now and then; not while something is being broken or healed from here. */
  look(): void {
    if (this.#turning !== undefined || (this.#watched?.broken.length ?? 0) > 0) return
    const {name} = this.#lab
    const stamp = this.#kept.stamp(name)
    if (stamp === this.#stamp) return
    const found = stamp === null ? null : this.#kept.allocation(name)
    if (found !== null && this.#watched !== undefined && isSame(found, this.#lab.allocation)) {
      this.#stamp = stamp
      return
    }
    this.#turning = this.#turnTo(found === null ? null : name, stamp).finally(() => {
      this.#turning = undefined
    })
  }

  /** @throws LabError `heal-failed` */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turning
    await this.#watched?.[Symbol.asyncDispose]()
  }

  async #turnTo(name: string | null, stamp: string | null): Promise<void> {
    const before = this.#watched
    this.#watched = undefined
    if (before !== undefined) {
      this.#turns++
      this.#listener.gone()
      await before[Symbol.asyncDispose]()
    }
    if (name !== null)
      try {
        this.#lab = this.#kept.open(name)
        this.#listener.anew()
        await this.begin()
      } catch (error) {
        // It is being raised, or removed, right now: it is looked at again.
        if (!(error instanceof LabError)) throw error
        return
      }
    this.#stamp = stamp
  }
}

/** By what no run changes. */
function isSame(one: Allocation, other: Allocation): boolean {
  const identity = ({subnet, addresses, ports, passwords}: Allocation) =>
    JSON.stringify([subnet, addresses, ports, passwords])
  return identity(one) === identity(other)
}

const onThisMachine: Kept = {
  stamp(name) {
    const found = statSync(join(dirname(composeFile(name)), 'lab.json'), {throwIfNoEntry: false})
    return found === undefined ? null : `${found.ino} ${found.mtimeMs}`
  },
  allocation(name) {
    try {
      return loadLab(name)?.allocation ?? null
    } catch (error) {
      if (!(error instanceof LabError)) throw error
      return null // of another version, or half of it is there
    }
  },
  open: name => openLab(engineOfLab(name), name),
  watch: watchLab,
}
