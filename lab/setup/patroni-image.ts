/** The image of hosts that run a Patroni of somebody's own: one layer over the image of their release. */
import {cpSync} from 'node:fs'
import {mkdtemp, rm} from 'node:fs/promises'
import {basename, join} from 'node:path'
import {imageLabels, printPackages, recordOf} from '../engine/image-record.ts'
import {type PatroniBuild, packageFiles, readPatroniBuild, sayBuild} from '../topology/patroni-build.ts'
import {LabError} from '../words/errors.ts'
import {ownCommand} from '../words/next-step.ts'
import {packageRoot} from '../words/package-root.ts'
import {type Progress, step} from '../words/progress.ts'
import {buildImage, contentHash} from './build-image.ts'
import {run} from './command.ts'
import {tempPrefix} from './leftovers.ts'
import type {SetupEngine} from './start-engine.ts'

/**
 * Instantaneous where it is built already. @param base the image of the hosts of its release.
 * @returns the tag, `<that of the base>-<12 hex of what is laid over it>`, and the commit where it is a checkout.
 * @throws LabError `image` for one that does not run on what the image has, `config` for one that has changed meanwhile.
 */
export async function imageWithPatroni(
  docker: SetupEngine,
  base: string,
  build: PatroniBuild,
  progress: Progress,
  signal?: AbortSignal,
): Promise<{readonly host: string; readonly commit?: PatroniBuild['commit']}> {
  const recipe = join(packageRoot, 'images', 'patroni')
  const host = `${base}-${contentHash(build.digest, [recipe])}`
  const commit = await commitOf(build.path)
  const found = {host, ...(commit && {commit})}
  if ((await docker.image(host)) !== null) return found
  const says = `${build.version}, ${sayBuild({...build, ...found})}`
  await step(progress, `build the image of the hosts with your Patroni ${says}`, async detail => {
    const context = await mkdtemp(tempPrefix('patroni'))
    try {
      cpSync(recipe, context, {recursive: true})
      copyPatroni(build, join(context, 'given'))
      await buildImage(
        docker,
        'hosts with your Patroni',
        host,
        base,
        context,
        await told(docker, base, build),
        detail,
        signal,
      )
    } finally {
      await rm(context, {recursive: true, force: true})
    }
  })
  return found
}

/** What `docker build` is told beside: its version, and a label of the packages in which this Patroni stands for Debian's. */
async function told(docker: SetupEngine, base: string, {version, digest}: PatroniBuild): Promise<string[]> {
  const found = await docker.image(base)
  if (found === null)
    throw new LabError('image', `the image ${base} is gone again`, {hint: ownCommand('doctor', '--fix')})
  const packages = {...recordOf(found).packages, patroni: `${version}+build.${digest.slice(0, 12)}`}
  return ['--build-arg', `VERSION=${version}`, '--label', `${imageLabels.packages}=${printPackages(packages)}`]
}

/** @throws LabError `config` where it is not what was read before: the run would say that it judged another. */
function copyPatroni({path, digest}: PatroniBuild, into: string): void {
  if (path === undefined) throw new TypeError('a build that is to be had lies somewhere')
  const isWheel = path.endsWith('.whl')
  if (isWheel) cpSync(path, join(into, basename(path)))
  else
    for (const file of packageFiles(join(path, 'patroni')) ?? [])
      cpSync(join(path, 'patroni', file), join(into, 'patroni', file))
  const copied = readPatroniBuild(isWheel ? join(into, basename(path)) : into, '/')
  if ('says' in copied || copied.digest !== digest)
    throw new LabError('config', `${path} was changed while its image was built`, {
      hint: 'the same command once more takes it as it is now',
    })
}

/** A folder may be none of git's, or git not here: then nobody can say. */
async function commitOf(path: string | undefined): Promise<PatroniBuild['commit']> {
  if (path === undefined || path.endsWith('.whl')) return undefined
  const git = (...words: string[]) =>
    run(['git', '-C', path, ...words], {withinMs: 10_000, env: {GIT_OPTIONAL_LOCKS: '0'}})
  // In a folder inside of some other project's checkout the prefix is that folder, and the commit none of Patroni's.
  const top = await git('rev-parse', '--show-prefix')
  const head = await git('rev-parse', '--verify', 'HEAD')
  const [id = ''] = head.lines
  if (top.code !== 0 || head.code !== 0 || top.lines.join('') !== '' || !/^[0-9a-f]{40,64}$/.test(id)) return undefined
  const changes = await git('status', '--porcelain', '--', 'patroni')
  return {id, changed: changes.code !== 0 || changes.lines.length > 0}
}
