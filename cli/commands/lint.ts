import {type Command, InvalidArgumentError} from 'commander'
import type {Linted, Named} from '../../lab/inside/lint.ts'
import {didYouMean, exitCodes, kinds, LabError, ownCommand} from '../../lab/inside/start.ts'
import {choiceOption, command} from '../options.ts'
import {print, printData} from '../output.ts'
import {textOptions} from '../text-options.ts'

const formats = ['text', 'json', 'github', 'sarif'] as const

interface Options {
  format: (typeof formats)[number]
  as?: readonly Named[]
}

export function lint(): Command {
  return command(
    'lint',
    'Find what is wrong in configurations of Patroni, HAProxy, etcd, PgBouncer and keepalived.\n' +
      'Nothing is started, asked or touched. What belongs to one cluster is given at once: what contradicts each other ' +
      'is found in several files only. The output of `patronictl show-config` is one of them. The exit code is 1 when ' +
      'there is an error, and 2 when a file cannot be read.',
    'lint patroni.yml haproxy.cfg\nlint node1.yml node2.yml node3.yml haproxy.cfg etcd.env\nlint patroni.yml --format sarif > lint.sarif',
  )
    .argument('[files...]', 'configurations of one cluster; `-` is stdin')
    .addOption(choiceOption('--format <format>', 'how findings are printed', formats).default('text'))
    .option('--as <kind=file>', 'a file, and whose it is, where neither content nor name tell (repeatable)', named)
    .action(action)
}

async function action(files: readonly string[], {format, as = []}: Options): Promise<void> {
  const {lint: find, readFiles} = await import('../../lab/inside/lint.ts')
  const given = [...files.map((file): Named => ({file})), ...as]
  if (given.length === 0)
    throw new LabError('usage', 'no file is named', {hint: ownCommand('lint', 'patroni.yml', 'haproxy.cfg')})
  // A shell's pattern may name a file twice, and then all its names would be there twice.
  const each = [...new Map(given.map(one => [one.file, one])).values()]
  const linted = find(readFiles(each))
  await show(linted, each.length, format)
  if (linted.findings.some(({rule}) => rule.severity === 'error')) process.exitCode = exitCodes.failed
}

async function show(linted: Linted, files: number, format: Options['format']): Promise<void> {
  if (format === 'json') return printData((await import('../render/lint-data.ts')).lintJson(linted))
  if (format === 'sarif') return printData((await import('../render/lint-data.ts')).lintSarif(linted))
  if (format === 'github') return printData((await import('../render/lint-github.ts')).lintGithub(linted))
  const {renderLint} = await import('../render/lint-text.ts')
  print(renderLint(linted, files, await textOptions()))
}

function named(written: string, earlier: readonly Named[] = []): readonly Named[] {
  const [, as = '', file = ''] = /^([^=]*)=(.+)$/.exec(written) ?? []
  const kind = kinds.find(one => one === as)
  if (kind === undefined)
    throw new InvalidArgumentError(`It is KIND=FILE, of ${kinds.join(', ')}${didYouMean(as, kinds)}`)
  return [...earlier, {file, as: kind}]
}
