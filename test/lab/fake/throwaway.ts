/** A container to try things in: of a kernel that can do everything, with a PostgreSQL that refuses some parameters. */
import type {Ran} from './host.ts'

export class FakeThrowaway {
  frozen = false
  #cpus: number | null = null
  readonly #refused: ReadonlySet<string>

  constructor(refused: ReadonlySet<string>) {
    this.#refused = refused
  }

  freeze(frozen: boolean): void {
    this.frozen = frozen
  }

  limit(cpus: number | null): void {
    this.#cpus = cpus
  }

  run(argv: readonly string[]): Ran {
    const named = argv.flatMap(argument => /^(\w+)=/.exec(argument)?.[1] ?? [])
    const refused = named.find(name => this.#refused.has(name))
    if (refused !== undefined)
      return {code: 1, out: '', err: `postgres: unrecognized configuration parameter "${refused}"`}
    return {code: 0, out: this.#cpus === null ? '' : `${this.#cpus * 100_000} 100000`, err: ''}
  }
}
