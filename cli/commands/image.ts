import type {Command} from 'commander'
import {insteadOf, LabError, ownCommand, releaseNames, suggestion, usualRelease} from '../../lab/inside/start.ts'
import {command} from '../options.ts'
import {print} from '../output.ts'

export function image(): Command {
  return command(
    'image',
    'Print the line with which the Dockerfile of an image of your own begins.\nHosts run such an image where a lab.yaml names it: `images: {patroni: my/postgres-host:1}`.',
    'image > Dockerfile\nimage --release forky',
  )
    .option('--release <release>', 'what the hosts run', usualRelease)
    .action(action)
}

async function action({release: written}: {release: string}): Promise<void> {
  const release = releaseNames.find(name => name === written)
  if (release === undefined)
    throw new LabError(
      'usage',
      `there is no release \`${written}\`${suggestion(written, releaseNames)}`,
      insteadOf(written, releaseNames),
    )
  const {Docker, imageTags} = await import('../../lab/inside/engine.ts')
  const {host} = imageTags(release)
  const found = await new Docker().image(host)
  if (found === null)
    throw new LabError('image', `the image of the hosts of ${release} is not built yet`, {
      hint:
        release === usualRelease
          ? ownCommand('doctor', '--fix')
          : ownCommand('up', '--release', release, '--name', 'other'),
    })
  // The tag that stays with this very image.
  const own = found.tags.find(
    tag => tag.startsWith(`${host}-`) && found.id.startsWith(`sha256:${tag.slice(host.length + 1)}`),
  )
  print(`FROM ${own ?? host}\n`)
}
