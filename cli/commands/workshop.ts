import type {Command} from 'commander'
import {LabError} from '../../lab/inside/start.ts'
import {command, jsonOption, nameOption, placeOption} from '../options.ts'

export interface WorkshopOptions {
  name: string
  profile: string
  list?: boolean
  reset?: boolean
  present?: boolean
  certificate?: string
  learner?: string
  lessons?: string
  json?: boolean
}

export function workshop(): Command {
  return command(
    'workshop',
    [
      'Learn high availability on a lab: lessons to read, to type and to answer, checked on the real cluster.',
      '',
      'It goes on where you stopped; with a lesson, a name or a number, it plays that one. Answers may come through a pipe, a line each. At every prompt: hint, skip, again, quit; at a command also run.',
    ].join('\n'),
    'workshop\nworkshop --list\nworkshop host-lost\nworkshop 5 --present\nworkshop --certificate certificate.html',
  )
    .argument('[lesson]', 'its name or its number, as --list has them')
    .addOption(nameOption())
    .option('-p, --profile <profile>', 'timings of a lab that it raises: fast or default', 'fast')
    .option('--list', 'list the lessons, and how far you are')
    .option('--reset', 'forget how far you are, in all lessons or in the one that is named')
    .option('--present', 'for an audience: captions in large letters')
    .addOption(placeOption('--certificate <file>', 'write a page with what you did and measured'))
    .option('--learner <name>', 'with --certificate: whose it is')
    .addOption(placeOption('--lessons <dir>', 'lessons of yours, instead of those that come along'))
    .addOption(jsonOption())
    .action(action)
}

async function action(written: string | undefined, options: WorkshopOptions): Promise<void> {
  const {list, reset, certificate, learner, json, present} = options
  const asked = [list && '--list', reset && '--reset', certificate !== undefined && '--certificate'].filter(
    one => typeof one === 'string',
  )
  if (asked.length > 1) throw new LabError('usage', `${asked[0]} does not go with ${asked[1]}`)
  if (json && !list) throw new LabError('usage', '--json goes with --list')
  if (learner !== undefined && certificate === undefined)
    throw new LabError('usage', '--learner goes with --certificate')
  if (present && asked.length > 0) throw new LabError('usage', `--present does not go with ${asked[0]}`)
  const {listLessons, playLessons, resetLessons, writeCertificate} = await import('../workshop/play.ts')
  if (list) return listLessons(options)
  if (reset) return resetLessons(written, options)
  if (certificate !== undefined) return writeCertificate(certificate, options)
  return playLessons(written, options)
}
