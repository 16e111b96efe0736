import type {Command} from 'commander'
import type {Entry, Lab} from '../../lab/index.ts'
import type {OwnCommand} from '../../lab/inside/start.ts'
import {
  appDatabase,
  askedWords,
  doorOf,
  entries,
  hostsWith,
  LabError,
  next,
  nextWord,
  onLab,
  roles,
  sentence,
} from '../../lab/inside/start.ts'
import {askedTopology, getPublished} from '../asked-topology.ts'
import {spoken} from '../called-as.ts'
import {onInterrupt} from '../interrupt.ts'
import {
  addTopologyOptions,
  asksForTopology,
  command,
  jsonOption,
  nameOption,
  printJson,
  type TopologyOptions,
} from '../options.ts'
import {print, tellProgress} from '../output.ts'
import {showProgress} from '../progress.ts'

interface Options extends TopologyOptions {
  name: string
  json?: boolean
  plain?: boolean
  refresh?: boolean
}

export function up(): Command {
  return addTopologyOptions(
    command(
      'up',
      'Raise a lab: install what is missing, build the images, start the cluster, wait until it is healthy.\nRun again, it mends what is broken, starts what is down, and adds nothing.\nIt lies on the Docker engine in use, whose name it keeps; with `engines:` in lab.yaml on several, host by host.\nExit code: 0 it is healthy, 2 a wrong setting, 3 it could not be raised, 5 what an earlier run broke could not be mended.',
      'up\nup --profile fast\nup --topology lab.yaml\nup --name second\nup --set patroni.ttl=40s --set patroni.watchdog=required\nup --patroni ../patroni --name mine',
    )
      .addOption(nameOption())
      .option(
        '--refresh',
        'build the images anew first, from the newest base and packages; a lab that is there keeps its own',
      )
      .option('--plain', 'plain lines instead of the live view')
      .addOption(jsonOption()),
  ).action(action)
}

async function action(options: Options): Promise<void> {
  const {engineToRaise, loadLab, loadTopology, lockLab, raise} = await import('../../lab/index.ts')
  using interrupt = onInterrupt({
    first: 'stopping ...',
    second: spoken(
      sentence`once more leaves at once; then lab ${options.name} may be half started: \`${onLab(options.name, 'up')}\` goes on, \`${onLab(options.name, 'down')}\` removes it`,
    ),
  })
  const {patroni} = options
  await getPublished([patroni], options.json === true, interrupt.signal)
  const wanted = asksForTopology(options) ? await askedTopology(options) : undefined
  using _lock = lockLab(options.name, 'up')
  const shown = await showProgress(options.json || options.plain)
  try {
    const {lab, how, tookMs, writableMs} = await raise(
      engineToRaise(options.name, {topology: wanted?.topology, toldAt: wanted?.toldAt}),
      {
        name: options.name,
        topology: wanted?.topology,
        topologyFile: wanted?.file,
        mustTake: wanted?.mustTake,
        toldAt: wanted?.toldAt,
        fallback: () => loadTopology({}),
        progress: shown.progress,
        signal: interrupt.signal,
        refresh: options.refresh === true,
      },
    )
    await shown.done()
    const seconds = (tookMs / 1000).toFixed(1)
    tellProgress(
      how === 'already'
        ? `lab ${lab.name} is up and healthy already\n\n`
        : `lab ${lab.name} is healthy after ${seconds} s\n\n`,
    )
    if (options.json)
      printJson({
        lab: lab.name,
        how,
        tookMs: Math.round(tookMs),
        writableMs: Math.round(writableMs),
        profile: lab.topology.profile,
        connections: connections(lab),
      })
    else print(welcome(lab))
  } catch (error) {
    await shown.done()
    if (!interrupt.signal.aborted) throw error
    throw interrupted(options, loadLab(options.name) !== undefined, error, interrupt.code())
  }
}

/** Says what is there now: containers that may be half started, or nothing yet. */
function interrupted(options: Options, begun: boolean, cause: unknown, code: number | undefined): LabError {
  const {name} = options
  const stopped = begun
    ? new LabError('interrupted', `interrupted: lab ${name} may be half started`, {
        cause,
        hint: next`to go on where this stopped: ${onLab(name, 'up')} to remove it: ${onLab(name, 'down')}`,
      })
    : new LabError('interrupted', 'interrupted before anything of the lab was started', {
        cause,
        hint: next`to go on where this stopped: ${onLab(name, 'up', ...askedWords(options))}`,
      })
  process.exitCode = code ?? stopped.exitCode
  return stopped
}

/** Where to connect. The password is shown only when asked for: `psql` needs none, `psql --url` prints it. */
function connections(lab: Lab) {
  const {primary, replicas} = entries(lab.topology)
  const published = (...where: Parameters<Lab['reach']>) => {
    const {host, port} = lab.reach(...where)
    return `${host}:${port}`
  }
  const at = (entry: Entry) =>
    `postgresql://${roles.app}@${published(doorOf(entry), entry.service)}/${appDatabase}${lab.inTls ? '?sslmode=require' : ''}`
  const [proxy = ''] = hostsWith(lab.topology, 'haproxy')
  return {
    readWrite: at(primary),
    readOnly: at(replicas),
    statistics: `http://${published(proxy, 'stats')}/`,
  }
}

/** Every line works as pasted: a URL without its password would not. */
function welcome(lab: Lab): string {
  const {readWrite, readOnly, statistics} = connections(lab)
  const here = (...words: readonly string[]): OwnCommand => onLab(lab.name, ...words)
  const [member = ''] = hostsWith(lab.topology, 'patroni')
  return spoken(sentence`connect
  psql         ${here('psql')}
  read-write   ${here('psql', '--url')}
  read-only    ${here('psql', '--url', '--replica')}
  HAProxy      ${statistics}
  Patroni      ${here('shell', member, '--', 'patronictl', 'list')}
  --url prints a connection string with its password, to
  ${new URL(readWrite).host} for writes and ${new URL(readOnly).host} for reads${lab.allocation.elsewhere ? ',\n  on the machine of its engine' : ''}

${nextWord}
  ${here('chaos', 'kill-leader')}
  ${here('status')}
  ${here('scenarios')}
  ${here('down')}
`)
}
