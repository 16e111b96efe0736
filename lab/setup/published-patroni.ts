/** A version of Patroni that is published: its wheel, got by the pip of this machine from whatever index that is set up with. */
import {makeFolder} from '../state/folders.ts'
import {keptWheel, keptWheels} from '../topology/patroni-build.ts'
import {LabError} from '../words/errors.ts'
import {type Progress, step} from '../words/progress.ts'
import {run} from './command.ts'

const withinMs = 180_000

/**
 * Got once, then kept beside what else can be had again.
 * @returns its path. @throws LabError `setup-failed` with pip's last word where it cannot be had.
 */
export async function publishedPatroni(version: string, progress: Progress, signal?: AbortSignal): Promise<string> {
  const kept = keptWheel(version)
  if (kept !== undefined) return kept
  const folder = keptWheels()
  makeFolder(folder)
  await step(progress, `get Patroni ${version}`, async () => {
    const pip = ['python3', '-m', 'pip', 'download', '--disable-pip-version-check'] as const
    const ran = await run([...pip, '--no-deps', '--only-binary', ':all:', '--dest', folder, `patroni==${version}`], {
      withinMs,
      signal,
    })
    if (ran.code === 0) return
    const why = ran.absent
      ? 'there is no python3'
      : ran.timedOut
        ? 'it took too long'
        : (ran.lines.at(-1) ?? 'it said nothing')
    throw new LabError('setup-failed', `pip did not get Patroni ${version}: ${why}`, {
      hint: 'get its wheel or its source on a machine that can, and give that: --patroni patroni-4.1.0-py3-none-any.whl',
    })
  })
  const got = keptWheel(version)
  if (got === undefined)
    throw new LabError('setup-failed', `pip got something else than the wheel of Patroni ${version}`)
  return got
}
