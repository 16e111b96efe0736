import {type Command, Option} from 'commander'
import {LabError, ownCommand, releaseNames, usualRelease} from '../../lab/inside/start.ts'
import {command} from '../options.ts'
import {print} from '../output.ts'

export function image(): Command {
  return command(
    'image',
    'Print the line with which the Dockerfile of an image of your own begins.\nHosts run such an image where a lab.yaml names it: `images: {patroni: my/postgres-host:1}`.',
    'image > Dockerfile\nimage --release forky',
  )
    .addOption(new Option('--release <release>', 'what the hosts run').choices(releaseNames).default(usualRelease))
    .action(action)
}

async function action({release}: {release: (typeof releaseNames)[number]}): Promise<void> {
  const {Docker, imageTags} = await import('../../lab/inside/engine.ts')
  const {host} = imageTags(release)
  const found = await new Docker().image(host)
  if (found === null)
    throw new LabError('image', `the image of the hosts of ${release} is not built yet`, {
      hint: release === usualRelease ? ownCommand('doctor', '--fix') : ownCommand('up', '--release', release),
    })
  // The tag that stays with this very image.
  const own = found.tags.find(
    tag => tag.startsWith(`${host}-`) && found.id.startsWith(`sha256:${tag.slice(host.length + 1)}`),
  )
  print(`FROM ${own ?? host}\n`)
}
