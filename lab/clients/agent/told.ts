/** What a client tells the runner about itself, whatever its driver. */
import {castsDoubt} from '../../history/doubtful-commit.ts'
import type {Outcome} from '../../history/event.ts'
import {ruling} from '../../history/sqlstate.ts'
import type {AgentConfig, AgentLine, Job} from './protocol.ts'
import {isAudit} from './statements.ts'

/** What a client needs from the agent around it. */
export interface Desk {
  readonly config: AgentConfig
  readonly reconnectPauseMs: number
  clock(): number
  tell(line: AgentLine): void
  nextId(job: Job): number
}

/** A statement in flight. */
export interface InFlight {
  readonly id: number
  readonly sentAt: number
  /** The code of a warning that took the certainty from its answer. */
  doubt: string | null
}

/** Why a connection ended, or could not be had, and when that was noticed. */
export interface Loss {
  readonly at: number
  readonly code: string
  readonly error: string
}

/** The same failure to connect is told once in this time: the line is for people, `watching` has the counts. */
const repeatAfterMicros = 1_000_000

export class Told {
  readonly #name: string
  readonly #job: Job
  readonly #desk: Desk
  #loss: {code: string; at: number} | undefined

  constructor(name: string, job: Job, desk: Desk) {
    this.#name = name
    this.#job = job
    this.#desk = desk
  }

  connected(began: number, server: string | null): void {
    const at = this.#desk.clock()
    this.#desk.tell(['c', this.#name, at, at - began, server])
    this.#loss = undefined
  }

  lost({at, code, error}: Loss): void {
    if (this.#loss?.code === code && at - this.#loss.at < repeatAfterMicros) return
    this.#loss = {code, at}
    this.#desk.tell(['d', this.#name, at, code, error])
  }

  warned(attempt: InFlight, code: string, says: string): void {
    if (castsDoubt(code, says)) attempt.doubt = code
    this.#desk.tell(['n', this.#name, attempt.id, this.#desk.clock(), code, says])
  }

  /** @param row [the server's host, timeline, LSN] and what was read, as `statements` ask for them. */
  answered(attempt: InFlight, at: number, row: readonly (string | null)[], reads: boolean): void {
    const [server, timeline, lsn, value] = row
    const read = reads ? ((value ?? null) === null ? null : Number(value)) : undefined
    const where = [server ?? null, timeline ?? null, lsn ?? null] as const
    this.#ended(attempt, at, attempt.doubt === null ? 'ok' : 'unknown', where, attempt.doubt, null, read)
  }

  failed(attempt: InFlight, at: number, code: string, error: string): void {
    this.#ended(attempt, at, ruling(code, true).outcome, [null, null, null], code, error, undefined)
  }

  /** @param read what an answered read has seen; undefined where nothing was read. */
  #ended(
    {id, sentAt}: InFlight,
    at: number,
    outcome: Outcome,
    where: readonly [server: string | null, timeline: string | null, lsn: string | null],
    code: string | null,
    error: string | null,
    read: number | null | undefined,
  ): void {
    if (this.#job === 'bank') {
      const op = isAudit(id) ? 'audit' : 'transfer'
      this.#desk.tell(['b', this.#name, op, id, sentAt, at, outcome, ...where, code, error, read ?? null])
    } else {
      const seen: [] | [number | null] = read === undefined ? [] : [read]
      this.#desk.tell(['o', this.#name, id, sentAt, at, outcome, ...where, code, error, ...seen])
    }
  }
}

export function oneLine(error: unknown): string {
  return String((error as Error).message ?? error)
    .replaceAll('\n', ' ')
    .slice(0, 200)
}
