/** For how long somebody on this machine waited for a CPU: the kernel's pressure stall information, which is the machine's in a container, too. */
import {readFileSync} from 'node:fs'

type Read = () => string

export class CpuPressure {
  readonly #read: Read
  #last: number | null

  constructor(read: Read = () => readFileSync('/proc/pressure/cpu', 'latin1')) {
    this.#read = read
    this.#last = this.#total()
  }

  /** Microseconds since the last time it was asked, or since it was made; null where the kernel does not tell. */
  sinceLast(): number | null {
    const [before, now] = [this.#last, this.#total()]
    this.#last = now
    return before === null || now === null || now < before ? null : now - before
  }

  /** The kernel's counter, by Documentation/accounting/psi.rst: `some avg10=0.00 avg60=0.00 avg300=0.00 total=123`. */
  #total(): number | null {
    try {
      const [, total] = /^some .*\btotal=(\d+)$/m.exec(this.#read()) ?? []
      return total === undefined ? null : Number(total)
    } catch {
      return null // built without it, or switched off
    }
  }
}
