/** The reaper of the fake engine: it is there, or not, and reaps nothing. */
import type {ReaperToStart} from '../../../lab/engine/docker/reapers.ts'
import {FakeVolumes} from './volumes.ts'

export abstract class FakeReapers extends FakeVolumes {
  /** Whose it is, and what it has of the engine. */
  reaper: {readonly lab: string; readonly owner: string; readonly socket: string} | null = null

  async startReaper(lab: string, {owner, socket}: ReaperToStart): Promise<AsyncDisposable> {
    await this.call('start a reaper')
    this.reaper = {lab, owner: owner.id, socket}
    return {
      [Symbol.asyncDispose]: async () => {
        await this.call('remove a reaper')
        this.reaper = null
      },
    }
  }

  async hasReaper(): Promise<boolean> {
    await this.call('reaper?')
    return this.reaper !== null
  }
}
