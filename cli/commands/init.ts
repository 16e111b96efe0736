import type {Command} from 'commander'
import type {Sizes} from '../../lab/inside/import.ts'
import {LabError, nextWord, ownCommand, sentence} from '../../lab/inside/start.ts'
import {ask, canAsk, type Question} from '../asked.ts'
import {spoken} from '../called-as.ts'
import {addTopologyOptions, asksForTopology, command, placeOption, type TopologyOptions, times} from '../options.ts'
import {print, tell} from '../output.ts'
import {textOptions} from '../text-options.ts'
import {addTheirFiles, type TheirFiles, theirFiles} from '../their-files.ts'
import {type Page, writeNew} from '../write-new.ts'

interface Options extends TopologyOptions, TheirFiles {
  members?: number
  proxies?: number
  out: string
  force?: boolean
}

export function init(): Command {
  return addTopologyOptions(
    addTheirFiles(
      command(
        'init',
        'Write a lab.yaml with a comment at each setting: of a topology, or like a cluster of yours.\n' +
          '--from takes the configurations of one cluster, told apart by their content. What the lab cannot have of it is ' +
          'said first, then all that was changed or dropped, with the reason. Names, addresses and secrets are replaced, ' +
          'no program of yours is run, and nothing leads out of such a lab but to this machine. Without flags it asks at a terminal.',
        'init\ninit --topology proxy-per-node --members 5 -o mine.yaml\ninit --from patroni.yml --haproxy haproxy.cfg --etcd etcd.env\ninit --from node1.yml node2.yml haproxy.cfg show-config.yml',
      ).argument('[files...]', 'as with --from'),
    )
      .option('--members <n>', 'so many hosts with PostgreSQL; etcd keeps its number', times)
      .option('--proxies <n>', 'so many hosts with HAProxy', times)
      .addOption(placeOption('-o, --out <file>', 'where to write it').default('lab.yaml'))
      .option('-f, --force', 'also over files that are there'),
  ).action(action)
}

async function action(files: readonly string[], options: Options): Promise<void> {
  const given = theirFiles(options, files)
  if (given.length > 0) await like(given, options)
  else await ofTopology(options)
}

async function like(given: ReturnType<typeof theirFiles>, options: Options): Promise<void> {
  if (asksForTopology(options) || options.members !== undefined || options.proxies !== undefined)
    throw new LabError(
      'usage',
      'files say it all: they go without --topology, --profile, --release, --set, --members and --proxies',
    )
  const {importFrom} = await import('../../lab/inside/import.ts')
  const {printableLines, readText} = await import('../../lab/inside/start.ts')
  const read = given.map(({file, as}) => ({file, as, text: readText(file, 'configuration')}))
  const imported = importFrom(read)
  const {changesFile, renderImport} = await import('../render/import.ts')
  const folder = `${options.out.replace(/\.ya?ml$/, '')}.from`
  const beside = [...imported.originals].map(
    ([name, text]): Page => ({file: `${folder}/${name}`, text: printableLines(text)}),
  )
  writeNew(
    [
      {file: options.out, text: imported.text},
      ...beside,
      {file: `${folder}/changes.txt`, text: printableLines(changesFile(imported, read))},
    ],
    options.force === true,
  )
  print(renderImport(imported, await textOptions()))
  tellWritten(options.out, folder)
}

async function ofTopology(options: Options): Promise<void> {
  const {labFile, loadTopology, mistakesIn, presetNames, sized, usualPreset} = await import(
    '../../lab/inside/import.ts'
  )
  const isSaid = asksForTopology(options) || options.members !== undefined || options.proxies !== undefined
  const wanted = isSaid || !canAsk() ? options : {...options, ...(await answers(presetNames(), usualPreset))}
  const from = wanted.topology ?? usualPreset
  const topology = sized(loadTopology(wanted), wanted, from)
  const [mistake] = mistakesIn(topology)
  if (mistake !== undefined) throw new LabError('usage', mistake.says)
  const text = labFile(
    topology,
    `A lab of pgha-lab, made of the topology ${/^[\w-]+$/.test(from) ? from : 'of a file'}.`,
  )
  writeNew([{file: options.out, text}], options.force === true)
  tellWritten(options.out)
}

async function answers(presets: readonly string[], usual: string): Promise<TopologyOptions & Sizes> {
  const oneOf = (words: readonly string[]) => (answer: string) => words.find(word => word === answer)
  const count = (answer: string) => (/^[1-9]$/.test(answer) ? answer : undefined)
  const asked: readonly Question[] = [
    {asks: 'which topology?', usual, takes: oneOf(presets), refused: `one of ${presets.join(', ')}`},
    {asks: 'how many hosts with PostgreSQL?', usual: '3', takes: count, refused: '1 to 9'},
    {
      asks: 'whose timings? default (as Patroni has them) or fast',
      usual: 'default',
      takes: oneOf(['default', 'fast']),
      refused: 'default or fast',
    },
  ]
  const [topology, members, profile] = await ask(asked)
  return {topology: topology!, members: Number(members), profile: profile!}
}

function tellWritten(out: string, folder?: string): void {
  const beside = folder === undefined ? '' : `, and ${folder} with what it was made of, redacted`
  tell(`wrote ${out}${beside}\n`)
  tell(
    `${nextWord}\n${[
      ownCommand('predict', '--topology', out),
      ownCommand('up', '--topology', out),
      ownCommand('chaos', 'kill-leader'),
    ]
      .map(one => `  ${spoken(sentence`${one}`)}`)
      .join('\n')}\n`,
  )
}
