/** Understands what `docker build` prints, from BuildKit (`BUILDKIT_PROGRESS=plain`) and from the classic builder. */

export interface BuildStep {
  readonly number: number
  readonly of: number
  /** The instruction, on one line and cut short: `RUN apt-get install ...`. */
  readonly says: string
}

const shownLength = 60

/** The step that this line begins; null for every other line. */
export function buildStep(line: string): BuildStep | null {
  const match = /^(?:#\d+ \[(?:[\w-]+ )?\s*(\d+)\/(\d+)\] (.*)|Step (\d+)\/(\d+) : (.*))$/.exec(line)
  if (!match) return null
  return {
    number: Number(match[1] ?? match[4]),
    of: Number(match[2] ?? match[5]),
    says: shortened((match[3] ?? match[6] ?? '').replaceAll(/\s+/g, ' ').trim()),
  }
}

/** Of a long RUN, the installation of packages is what takes the time. */
function shortened(instruction: string): string {
  if (/^RUN .*apt-get install/.test(instruction)) return 'RUN apt-get install ...'
  return instruction.length > shownLength ? `${instruction.slice(0, shownLength - 4)} ...` : instruction
}

/** What the command of a step printed; BuildKit puts `#7 12.34 ` before it, the classic builder colours it. */
export function stepOutput(line: string): string {
  return line
    .replaceAll(/\u001b\[[0-9;]*m/g, '')
    .replace(/^#\d+ (?:\d+\.\d+ )?/, '')
    .trim()
}

/** How far apt-get has come inside a step: each package is unpacked once and set up once. */
export class AptMeter {
  #packages = 0
  #done = 0

  /** 0..1, 0 while apt has not said how many packages there are. */
  read(output: string): number {
    const counted = /(\d+) newly installed/.exec(output)
    if (counted) {
      this.#packages = Number(counted[1])
      this.#done = 0
    } else if (/^(Unpacking|Setting up) /.test(output)) this.#done++
    return this.#packages === 0 ? 0 : Math.min(1, this.#done / (2 * this.#packages))
  }
}

/** The last lines of what the failed step printed, without the builder's own frame. */
export function whyItFailed(lines: readonly string[]): string[] {
  // After a line of dashes BuildKit repeats the output and shows the Dockerfile.
  const dashes = lines.findIndex(line => /^-{4,}$/.test(line.trim()))
  const before = dashes === -1 ? lines : lines.slice(0, dashes)
  const ofStep = before.slice(before.findLastIndex(line => buildStep(line) !== null) + 1)
  const isFrame = (line: string) => /^(#\d+ (DONE|CACHED|ERROR|CANCELED)| ---> )/.test(line)
  return ofStep
    .filter(line => !isFrame(line))
    .map(stepOutput)
    .filter(line => line !== '')
    .slice(-8)
}
