/**
 * The transactions of one session, told from what passes between a program and its server: from the first request while the
 * session was idle to the ReadyForQuery that says it is idle again (manual, "Message Flow": simple and extended queries,
 * pipelining, COPY).
 *
 * - A connection that is lost leaves `unknown` when something had been sent that may have committed, else `fail`: a block whose
 *   COMMIT nobody has sent is rolled back. Whatever was pipelined behind counts as part of what was lost.
 * - `write`: a command that changes something was answered or, where there is no answer, its text leaves that possible. SELECT of a
 *   function that writes looks like a read. A block that never came to its end is taken for what its program is there for.
 * - Nothing is told of what a program itself rolled back without an error, nor where nothing was executed (an empty query, a
 *   statement that was only prepared).
 */
import {castsDoubt} from '../../history/doubtful-commit.ts'
import type {OpName, Outcome} from '../../history/event.ts'
import {ownCodes, ruling} from '../../history/sqlstate.ts'
import {fieldsOf, type Message, textAt} from './pg-wire.ts'
import {type Asked, askedBy, tagChanges, unknownText} from './sql-words.ts'

/** Messages whose bodies are read. */
export const wantedFromClient = 'QPBEC'
export const wantedFromServer = 'CENZ'

export interface EndedTransaction {
  readonly op: OpName
  readonly sentAt: number
  readonly at: number
  readonly outcome: Outcome
  readonly code: string | null
  readonly error: string | null
}

export interface Complaint {
  readonly code: string
  readonly error: string
}

/** Something the client has sent that is not yet covered by a ReadyForQuery; `copy-end` closes what a COPY is fed with. */
interface Request {
  readonly kind: 'query' | 'execute' | 'other' | 'sync' | 'copy-end'
  readonly sentAt: number
  readonly asked?: Asked
}

/** The transaction under way. */
interface Open {
  readonly sentAt: number
  /** An answer came to something that was executed. */
  executed: boolean
  wrote: boolean
  lastTag: string
  doubt: string | null
  /** The last ERROR of the block. */
  error: Complaint | null
  /** Since the last ReadyForQuery. */
  errorNow: Complaint | null
  committedNow: boolean
  asked: Asked[]
}

/** A program that makes more names than this without closing them gets no promises about them. */
const mostNames = 10_000

export class Transactions {
  readonly #tell: (ended: EndedTransaction) => void
  readonly #unfinished: OpName
  readonly #statements = new Map<string, Asked>()
  readonly #portals = new Map<string, Asked>()
  #requests: Request[] = []
  #open: Open | undefined
  #status = 'I'
  #copying = false
  #copiedOut = false
  #goodbye: Complaint | undefined
  #terminated = false

  /** @param unfinished what a block is taken for that never came to its end. */
  constructor(tell: (ended: EndedTransaction) => void, unfinished: OpName) {
    this.#tell = tell
    this.#unfinished = unfinished
  }

  /** Nothing has been asked that is not answered, and no block is open. */
  get idle(): boolean {
    return this.#open === undefined && this.waitingSince === undefined
  }

  /** The program has said that it leaves. */
  get terminated(): boolean {
    return this.#terminated
  }

  /** Since when the oldest request waits for its answer. */
  get waitingSince(): number | undefined {
    return this.#requests.find(one => one.kind !== 'copy-end')?.sentAt
  }

  /** A message of the client has gone to the server. */
  asked({type, body, whole}: Message, at: number): void {
    switch (type) {
      case 'Q':
        this.#request('query', at, whole ? askedBy(textAt(body, 0).text) : unknownText)
        return
      case 'F':
        this.#request('query', at, unknownText)
        return
      case 'P': {
        const {text: name, next} = textAt(body, 0)
        const asked = whole ? askedBy(textAt(body, next).text) : unknownText
        remember(this.#statements, name, asked)
        this.#request('other', at, asked)
        return
      }
      case 'B': {
        const {text: portal, next} = textAt(body, 0)
        remember(this.#portals, portal, this.#statements.get(textAt(body, next).text) ?? unknownText)
        this.#request('other', at)
        return
      }
      case 'E':
        this.#request('execute', at, this.#portals.get(textAt(body, 0).text) ?? unknownText)
        return
      case 'C': {
        const names = body[0] === 0x53 ? this.#statements : this.#portals // 'S'
        names.delete(textAt(body, 1).text)
        this.#request('other', at)
        return
      }
      case 'D':
        this.#request('other', at)
        return
      case 'S':
        // While a COPY takes data, the server passes over Sync (`CopyGetData` in copyfromparse.c).
        if (!this.#copying) this.#request('sync', at)
        return
      case 'c':
      case 'f':
        this.#copying = false
        this.#requests.push({kind: 'copy-end', sentAt: at})
        return
      case 'X':
        this.#terminated = true
    }
  }

  /** A message of the server has come. */
  answered({type, body}: Message, at: number): void {
    switch (type) {
      case 'C':
        this.#command(textAt(body, 0).text)
        return
      case 's': // a portal gave as many rows as were wanted
      case 'V':
        this.#command('SELECT')
        return
      case 'E':
        this.#failed(body)
        return
      case 'N': {
        const fields = fieldsOf(body)
        const code = fields.get('C') ?? ''
        if (this.#open !== undefined && castsDoubt(code, fields.get('M') ?? '')) this.#open.doubt = code
        return
      }
      case 'G':
        this.#copyBegins()
        return
      case 'H':
      case 'W':
        this.#copiedOut = true
        return
      case 'Z':
        this.#ready(String.fromCharCode(body[0] ?? 0x49), at)
    }
  }

  /**
   * The connection is gone, whoever ended it. Answers with why: the server's own last words when it had any.
   * Nothing is told of a transaction when the program left by itself and waited for nothing.
   */
  lost(why: Complaint, at: number): Complaint {
    const {code, error} = this.#goodbye ?? why
    const open = this.#open
    if (open !== undefined && !(this.#terminated && this.waitingSince === undefined)) {
      const mayHaveCommitted = this.#mayCommit()
      const asked = [...open.asked, ...this.#requests.flatMap(one => one.asked ?? [])]
      const gaveUp = !mayHaveCommitted && asked.at(-1)?.givesUp === true
      const outcome = mayHaveCommitted ? 'unknown' : 'fail'
      if (!gaveUp) this.#tell({op: this.#opOf(open, asked), sentAt: open.sentAt, at, outcome, code, error})
    }
    this.#open = undefined
    this.#requests = []
    return {code, error}
  }

  #request(kind: Request['kind'], at: number, asked?: Asked): void {
    this.#requests.push({kind, sentAt: at, ...(asked === undefined ? {} : {asked})})
    if (this.#open === undefined && kind !== 'sync') this.#open = opened(at)
  }

  #command(tag: string): void {
    const open = this.#open
    if (open === undefined) return
    open.executed = true
    open.lastTag = tag
    if (tag === 'COMMIT' || tag === 'COMMIT PREPARED') open.committedNow = true
    if (tagChanges(tag, this.#copiedOut)) open.wrote = true
    this.#copiedOut = false
  }

  #failed(body: Buffer): void {
    const fields = fieldsOf(body)
    const complaint = {code: fields.get('C') ?? ownCodes.other, error: oneLine(fields.get('M') ?? '')}
    this.#copying = false
    this.#copiedOut = false
    if ((fields.get('V') ?? fields.get('S')) !== 'ERROR') {
      this.#goodbye = complaint // FATAL or PANIC: the end of the connection comes next
      return
    }
    if (this.#open === undefined) return
    this.#open.executed = true
    this.#open.error = complaint
    this.#open.errorNow = complaint
  }

  /** Syncs between the command and the end of its data, which a client may send before it knows that this is a COPY, do not count. */
  #copyBegins(): void {
    const command = this.#requests.findIndex(one => one.kind === 'query' || one.kind === 'execute')
    const end = this.#requests.findIndex((one, index) => index > command && one.kind === 'copy-end')
    const last = end === -1 ? this.#requests.length : end
    this.#requests = this.#requests.filter(
      (one, index) => one.kind !== 'sync' || index < Math.max(0, command) || index >= last,
    )
    this.#copying = end === -1
  }

  #ready(status: string, at: number): void {
    this.#status = status
    const end = this.#requests.findIndex(one => one.kind === 'query' || one.kind === 'sync')
    const done = this.#requests.splice(0, end + 1)
    const open = this.#open
    if (open === undefined) return
    open.asked.push(...done.flatMap(one => one.asked ?? []))
    if (status === 'I') {
      this.#open = undefined
      this.#finish(open, at)
      const next = this.#requests.find(one => one.kind !== 'sync' && one.kind !== 'copy-end')
      if (next !== undefined) this.#open = opened(next.sentAt)
    } else if (open.committedNow && open.errorNow === null) {
      this.#finish({...open, lastTag: 'COMMIT'}, at) // COMMIT AND CHAIN: the next block is open already
      this.#open = opened(at)
    } else {
      open.errorNow = null
      open.committedNow = false
    }
  }

  #finish(open: Open, at: number): void {
    if (!open.executed) return
    const tell = (outcome: Outcome, complaint: {code: string | null; error: string | null} | null) =>
      this.#tell({
        op: outcome === 'ok' ? (open.wrote ? 'write' : 'read') : this.#opOf(open, open.asked),
        sentAt: open.sentAt,
        at,
        outcome,
        code: complaint?.code ?? null,
        error: complaint?.error ?? null,
      })
    if (open.errorNow !== null) {
      const partly = open.committedNow || open.asked.some(one => one.commitsInside)
      tell(partly ? 'unknown' : ruling(open.errorNow.code, true).outcome, open.errorNow)
    } else if (open.lastTag === 'ROLLBACK') {
      if (open.error !== null) tell('fail', open.error)
      else if (!open.asked.some(one => one.rollsBack))
        tell('fail', {code: null, error: 'the end of the transaction was answered by ROLLBACK'})
    } else if (open.doubt !== null) tell('unknown', {code: open.doubt, error: null})
    else tell('ok', null)
  }

  #opOf(open: Open, asked: readonly Asked[]): OpName {
    if (open.wrote || asked.some(one => one.changes)) return 'write'
    return asked.some(one => one.opens) ? this.#unfinished : 'read'
  }

  /** Whether one of the requests without an answer may have committed something. */
  #mayCommit(): boolean {
    let inBlock = this.#status !== 'I'
    for (const {kind, asked} of this.#requests) {
      if (kind !== 'query' && kind !== 'execute') continue
      if (asked === undefined || asked.ends) return true
      if (asked.opens) inBlock = true
      else if (asked.givesUp) inBlock = false
      else if (!inBlock) return true
    }
    return false
  }
}

function opened(sentAt: number): Open {
  return {
    ...{sentAt, executed: false, wrote: false, lastTag: '', doubt: null},
    ...{error: null, errorNow: null, committedNow: false, asked: []},
  }
}

function remember(names: Map<string, Asked>, name: string, asked: Asked): void {
  if (names.size >= mostNames) names.clear()
  names.set(name, asked)
}

function oneLine(text: string): string {
  return text.replaceAll('\n', ' ').slice(0, 200)
}
