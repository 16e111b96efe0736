import type {Command} from 'commander'
import {askedWords, ownCommand} from '../../lab/inside/start.ts'
import {askedTopology} from '../asked-topology.ts'
import {spokenNext} from '../called-as.ts'
import {
  addTopologyOptions,
  asksForTopology,
  command,
  jsonOption,
  nameOption,
  printJson,
  type TopologyOptions,
} from '../options.ts'
import {printFile, tell, tellWords} from '../output.ts'

interface Options extends TopologyOptions {
  name: string
  json?: boolean
}

export function config(): Command {
  return addTopologyOptions(
    command(
      'config',
      'Print the one compose file of a lab: of the one that exists, or of the one that `up` would raise.\nIt holds the passwords. `docker compose up` takes it where the two images that it names have been built; `doctor --fix` builds them.',
      'config > compose.yaml && docker compose up -d\nconfig --profile fast --name other',
    )
      .addOption(nameOption())
      .addOption(jsonOption()),
  ).action(action)
}

async function action(options: Options): Promise<void> {
  const {allocate, engineOfLab, LabError, loadLab, owner} = await import('../../lab/index.ts')
  const asked = asksForTopology(options)
  const saved = loadLab(options.name)
  if (saved !== undefined && asked)
    throw new LabError(
      'usage',
      `lab ${options.name} exists; its file is printed without --topology, --profile, --release and --set`,
      {hint: ownCommand('config', ...askedWords(options), '--name', 'other')},
    )
  if (saved !== undefined) {
    if (options.json)
      printJson({
        topology: saved.topology,
        addresses: saved.allocation.addresses,
        observer: saved.allocation.observer,
        ports: saved.allocation.ports,
      })
    else printFile((await import('../../lab/inside/kept.ts')).composeText(options.name))
    return
  }
  const {render} = await import('../../compose/render.ts')
  const {imageTags, ownImages, withKeys} = await import('../../lab/inside/engine.ts')
  const {topology, mustTake} = await askedTopology(options)
  const docker = engineOfLab(options.name, topology)
  const tags = imageTags(topology.release)
  const images = topology.images === undefined ? tags : {...tags, own: await ownImages(docker, topology, tags.host)}
  const subnets = await docker.subnets().catch(() => []) // a file can be written where no engine runs
  const allocation = await allocate(options.name, topology, images, subnets)
  const {refusedOrUnasked, writtenParameters} = await import('../../lab/inside/reading.ts')
  const answer = await refusedOrUnasked(docker, images.host, writtenParameters(topology))
  if (answer.unasked !== null)
    tellWords(`PostgreSQL was not asked whether it takes the parameters: ${answer.unasked}\n`)
  mustTake(answer.refused)
  const why = await Promise.all([docker.hasImage(images.host), docker.hasImage(images.app)]).then(
    present => (present.includes(false) ? 'the images this file names are not built here yet' : null),
    () => 'no engine answers that could say whether the images this file names are here',
  )
  if (why !== null) {
    tellWords(`${why}\n`)
    tell(`${spokenNext(ownCommand('doctor', '--fix'))}\n`)
  }
  if (options.json)
    printJson({topology, addresses: allocation.addresses, observer: allocation.observer, ports: allocation.ports})
  else printFile(render(topology, await withKeys(docker, topology, allocation), {...owner(), home: null}))
}
