/** What an agent says, in the words of a history. */
import {opOf} from '../history/client-group.ts'
import {castsDoubt} from '../history/doubtful-commit.ts'
import type {Happening} from '../history/event.ts'
import {outcomeOf} from '../history/sqlstate.ts'
import type {HostName} from '../topology/topology.ts'
import {lsnBytes} from '../words/lsn.ts'
import type {Micros} from '../words/quantity.ts'
import type {AgentLine} from './agent/protocol.ts'

/** One for each agent, because a warning comes before the answer that it belongs to. */
export class Happenings {
  readonly #ours: (theirMicros: number) => Micros
  readonly #hostNamed: (said: string) => HostName | null
  /** Codes of warnings that take the certainty from an answer, by the client and the id of the attempt. */
  readonly #doubts = new Map<string, string>()

  constructor(ours: (theirMicros: number) => Micros, hostNamed: (said: string) => HostName | null) {
    this.#ours = ours
    this.#hostNamed = hostNamed
  }

  /** null: the line is no event of a run. `watching` is not either: all agents together are one observer. */
  of(line: AgentLine): {happening: Happening; at: Micros} | null {
    switch (line[0]) {
      case 'o':
        return this.#op(line)
      case 'b': {
        const [, client, op, id, sentAt, at, outcome, server, timeline, lsn, sqlstate, error, total] = line
        return {
          happening: {
            ...{kind: 'bank', client, op, id, sentAt: this.#ours(sentAt), outcome, server: this.#host(server)},
            timeline: timelineNumber(timeline),
            lsn: lsn === null ? null : lsnBytes(lsn),
            ...{sqlstate, error, total},
          },
          at: this.#ours(at),
        }
      }
      case 't': {
        const [, client, op, sentAt, at, outcome, server, timeline, sqlstate, error] = line
        return {
          happening: {
            ...{kind: 'transaction', client, op, sentAt: this.#ours(sentAt), outcome, server: this.#host(server)},
            timeline: timelineNumber(timeline),
            ...{sqlstate, error},
          },
          at: this.#ours(at),
        }
      }
      case 'c': {
        const [, client, at, tookMicros, server] = line
        return {
          happening: {kind: 'client-connected', client, op: opOf(client), server: this.#host(server), tookMicros},
          at: this.#ours(at),
        }
      }
      case 'd': {
        const [, client, at, sqlstate, error] = line
        return {
          happening: {kind: 'client-disconnected', client, op: opOf(client), error, sqlstate},
          at: this.#ours(at),
        }
      }
      case 'n': {
        const [, client, id, at, sqlstate, says] = line
        if (castsDoubt(sqlstate, says)) this.#doubts.set(`${client} ${id}`, sqlstate)
        return {happening: {kind: 'client-notice', client, id, sqlstate, says}, at: this.#ours(at)}
      }
      default:
        return null
    }
  }

  #op(line: Extract<AgentLine, readonly ['o', ...unknown[]]>): {happening: Happening; at: Micros} {
    const [, client, id, sentAt, at, ruled, server, timeline, lsn, code, error, seen] = line
    const doubt = this.#takeDoubt(client, id)
    return {
      happening: {
        kind: 'op',
        client,
        op: opOf(client),
        id,
        sentAt: this.#ours(sentAt),
        outcome: ruled ?? outcomeOf(code, error, doubt),
        server: this.#host(server),
        timeline: timelineNumber(timeline),
        lsn: lsn === null ? null : lsnBytes(lsn),
        sqlstate: ruled === null ? (code ?? doubt) : code,
        error,
        ...(seen === undefined ? {} : {seen}),
      },
      at: this.#ours(at),
    }
  }

  #takeDoubt(client: string, id: number): string | null {
    const attempt = `${client} ${id}`
    const doubt = this.#doubts.get(attempt) ?? null
    this.#doubts.delete(attempt)
    return doubt
  }

  #host(said: string | null): HostName | null {
    return said === null ? null : this.#hostNamed(said)
  }
}

function timelineNumber(hexadecimal: string | null): number | null {
  return hexadecimal === null ? null : Number.parseInt(hexadecimal, 16)
}
