/** A project of somebody who has the packed file and nothing of this checkout: an empty folder, as the README tells it. */
import {copyFileSync, mkdirSync, mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {basename, join} from 'node:path'
import {execa} from 'execa'

const root = join(import.meta.dirname, '..', '..')

export class StrangersProject implements Disposable {
  readonly #outside = mkdtempSync(join(tmpdir(), 'pgha-package-'))
  readonly folder = join(this.#outside, 'project')
  /** What came out of the packed file. */
  readonly packed = join(this.folder, 'node_modules', 'pgha-lab')
  tarball = ''

  /** @param more packages, besides ours. */
  async install(...more: readonly string[]): Promise<void> {
    const {stdout} = await execa('npm', ['pack', '--silent', '--pack-destination', this.#outside], {cwd: root})
    mkdirSync(this.folder)
    const file = basename(stdout.trim().split('\n').at(-1)!)
    this.tarball = join(this.folder, file)
    copyFileSync(join(this.#outside, file), this.tarball)
    await this.run('npm', 'init', '-y')
    await this.run('npm', 'install', '--no-audit', '--no-fund', '--save-dev', `./${file}`, ...more)
  }

  /** As a person types it in that folder: no variable of the checkout's own tests. Throws where it fails. */
  run(program: string, ...argv: readonly string[]) {
    return execa(program, argv, {cwd: this.folder, stdin: 'ignore'})
  }

  /** The same, whatever it ends with; `all` is what it said. */
  attempt(program: string, ...argv: readonly string[]) {
    return execa(program, argv, {cwd: this.folder, stdin: 'ignore', reject: false, all: true})
  }

  npx(...argv: readonly string[]) {
    return this.attempt('npx', 'pgha-lab', ...argv)
  }

  [Symbol.dispose](): void {
    rmSync(this.#outside, {recursive: true, force: true})
  }
}
