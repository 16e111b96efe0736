/** Makes sure that a Docker engine answers and that Compose v2 is there; installs and starts them where we may. */
import {rmSync} from 'node:fs'
import {join} from 'node:path'
import {Docker} from '../engine/docker.ts'
import {addressOf} from '../engine/named.ts'
import {isBySsh} from '../engine/ssh.ts'
import {oldestCompose} from '../engine/stack.ts'
import {LabError} from '../words/errors.ts'
import {type Hint, next, ownCommand, shell} from '../words/next-step.ts'
import {type Progress, step} from '../words/progress.ts'
import {aptInstall, aptUpdate, type Detail} from './apt.ts'
import {
  debianMirror,
  pinOnly,
  readAptSources,
  sourceFor,
  trixiePreferencesFile,
  trixieSourceFile,
} from './apt-source.ts'
import {type ComposeFound, findCompose} from './compose-version.ts'
import {type Distribution, installPage, type Recipe, recipeFor, thisDistribution} from './distribution.ts'
import {finish, unfinished, writeWhole} from './leftovers.ts'
import {engineAnswer, findDockerd, type SetupEngine, startEngine} from './start-engine.ts'

export interface EngineOptions {
  readonly docker?: SetupEngine
  readonly signal?: AbortSignal
}

/** May pgha-lab install and start things on this machine? `PGHA_LAB_SETUP=never` forbids it. */
export function mayInstall(): boolean {
  return process.env.PGHA_LAB_SETUP !== 'never'
}

/**
 * Silent and done in < 100 ms when an engine answers and Compose is new enough. Otherwise installs what is missing on
 * Debian and Ubuntu as root, and starts the engine. Throws `docker-missing` with what to do where it may not or can't,
 * `setup-failed` or `disk-full` where it tried.
 */
export async function ensureEngine(progress: Progress, options: EngineOptions = {}): Promise<void> {
  const {docker = new Docker(), signal} = options
  const [answer, compose] = await Promise.all([engineAnswer(docker), findCompose()])
  if (answer.answers && compose.state === 'ok') return
  // One that is there and hangs, or is something else, is not helped by starting another.
  if (!answer.answers && answer.error.code !== 'docker-missing') throw answer.error
  if (!answer.answers) mustBeLocal(docker.name, answer.error)

  const system = thisDistribution()
  const dockerd = findDockerd()
  const missing = whatIsMissing(answer.answers, dockerd !== null, compose)
  const recipe = mustBeOurs(missing.says, system)
  const packages = missing.packages(recipe)
  if (packages.length > 0) {
    const name = `install ${packages.join(', ')} with apt`
    await step(progress, name, detail => install(packages, recipe, system, detail, signal))
  }
  if (!answer.answers)
    await step(progress, 'start the Docker engine', detail => startEngine(docker, mustHaveDockerd(), detail, signal))
  await mustHaveCompose()
}

/** What is missing, in words and as packages: an engine that is there is never replaced. */
export function whatIsMissing(answers: boolean, installed: boolean, compose: ComposeFound) {
  const composeIsMissing = compose.state !== 'ok'
  const says = [
    ...(answers ? [] : [installed ? 'the Docker engine does not run' : 'there is no Docker engine']),
    ...(compose.state === 'old' ? [`Docker Compose ${compose.version} is older than ${oldestCompose}`] : []),
    ...(compose.state === 'missing' ? [`Docker Compose v2 (>= ${oldestCompose}) is missing`] : []),
    ...(compose.state === 'no-client' && (answers || installed) ? ['the docker command is missing'] : []),
  ].join(' and ')
  const packages = (recipe: Recipe): readonly string[] => {
    if (!answers && !installed) return recipe.engine
    return composeIsMissing ? [...(compose.state === 'no-client' ? [recipe.client] : []), recipe.compose] : []
  }
  return {says, packages}
}

/** For a user whom the engine does not let in. */
export const joinDocker = next`join its group, and log in again after: ${shell('sudo usermod -aG docker "$USER"')}`

/** An engine somewhere else, or one that refuses this user, is not replaced by one of ours. */
function mustBeLocal(engine: string, error: LabError): void {
  if ((error.cause as NodeJS.ErrnoException | undefined)?.code === 'EACCES')
    throw new LabError('docker-missing', error.message, {
      cause: error.cause,
      hint: joinDocker,
    })
  const address = addressOf(engine)
  if (!address) return
  // Why ssh leads nowhere, and what helps, is in there.
  if (isBySsh(address)) throw error
  const {cause} = error
  if (address === process.env.DOCKER_HOST)
    throw new LabError('docker-missing', `no Docker engine answers at DOCKER_HOST=${address}`, {
      ...{cause, hint: 'start that engine, or unset DOCKER_HOST to use the one of this machine'},
    })
  throw new LabError(
    'docker-missing',
    `no Docker engine answers at ${address}${engine === address ? '' : `, where the docker context ${engine} points`}`,
    {
      ...{cause, hint: 'start that engine; or docker context use default, for the one of this machine'},
    },
  )
}

/** Throws unless this is a system that we install on, as root, and nobody forbade it. */
function mustBeOurs(missing: string, system: Distribution | null): Recipe {
  const refuse = (why: string, hint: Hint) => new LabError('docker-missing', `${missing}${why}`, {hint})
  const page = installPage(system)
  if (process.platform !== 'linux') throw refuse('', `install and start Docker Desktop: ${page}`)
  const recipe = system && recipeFor(system)
  if (!recipe)
    throw refuse(
      `, and pgha-lab can't install it on ${system?.name ?? 'this system'}`,
      `install Docker Engine and its compose plugin: ${page}`,
    )
  if (!mayInstall())
    throw refuse(
      ', and PGHA_LAB_SETUP=never forbids installing and starting it',
      `install and start it (${page}), or unset PGHA_LAB_SETUP`,
    )
  if (process.getuid?.() !== 0)
    throw refuse('', next`do it by hand (${page}), or as root: ${ownCommand('doctor', '--fix').asRoot()}`)
  return recipe
}

async function install(
  packages: readonly string[],
  recipe: Recipe,
  system: Distribution | null,
  detail: Detail,
  signal?: AbortSignal,
): Promise<void> {
  const ours = recipe.fromTrixie ? addTrixie(packages, system) : []
  try {
    detail('apt-get update')
    const complaints = await aptUpdate(detail, signal)
    if (ours.length > 0) mustBeSigned(complaints)
    await aptInstall(packages, detail, signal)
    for (const file of ours) finish(file)
  } catch (error) {
    // A source that does not work would from now on make every apt-get update of this machine complain.
    for (const file of ours.toReversed()) rmSync(file, {force: true}) // the pin last
    throw error
  }
}

/** Adds Debian 13 as a source for these packages alone; returns the files it wrote. */
function addTrixie(packages: readonly string[], system: Distribution | null): string[] {
  const sources = readAptSources()
  const mirror = debianMirror(sources)
  const page = installPage(system)
  if (!mirror)
    throw new LabError('docker-missing', 'the apt sources of this machine name no Debian mirror to take Docker from', {
      hint: `install Docker Engine and its compose plugin: ${page}`,
    })
  if (sources.some(source => source.suites.includes('trixie')))
    throw new LabError(
      'docker-missing',
      'the apt sources of this machine name Debian 13 already, which pgha-lab leaves alone',
      {
        hint: next`install them from there: ${shell(`apt-get install -t trixie ${packages.join(' ')}`)}`,
      },
    )
  const fromTrixie = packages.filter(name => name.startsWith('docker'))
  const files = [
    [join('/etc/apt', trixiePreferencesFile), pinOnly('trixie', fromTrixie)], // the pin first: never the source without it
    [join('/etc/apt', trixieSourceFile), sourceFor('trixie', mirror)],
  ] as const
  for (const [file, text] of files) writeWhole(file, unfinished(text))
  return files.map(([file]) => file)
}

function mustBeSigned(complaints: readonly string[]): void {
  const unsigned = complaints.find(line => /NO_PUBKEY|not signed/.test(line) && /trixie/.test(line))
  if (unsigned)
    throw new LabError('setup-failed', `the keyring of this machine does not know Debian 13's key: ${unsigned}`, {
      hint: next`${shell('apt-get update')} ${shell('apt-get install --only-upgrade debian-archive-keyring')}`,
    })
}

function mustHaveDockerd(): string {
  const dockerd = findDockerd()
  if (dockerd) return dockerd
  throw new LabError('setup-failed', 'the packages are installed, and yet there is no dockerd', {
    hint: shell('apt-get install docker.io'),
  })
}

async function mustHaveCompose(): Promise<void> {
  const compose = await findCompose()
  if (compose.state === 'ok') return
  const found = compose.state === 'old' ? `is ${compose.version}` : 'is not found'
  throw new LabError(
    'docker-missing',
    `Docker Compose >= ${oldestCompose} is needed, and after the installation it ${found}`,
    {
      hint: next`to see which plugins the docker command finds, and where: ${shell('docker info')}`,
    },
  )
}
