/**
 * Whether HAProxy takes a haproxy.cfg of somebody's own, asked of the HAProxy of the hosts' image before a lab is raised: only it knows
 * all of its words.
 */
import {LabError} from '../words/errors.ts'
import {ownCommand} from '../words/next-step.ts'
import {printable} from '../words/printable.ts'
import type {Exec, Images, Throwaways} from './docker.ts'

/** A file as a proxy of the lab finds it. */
export interface ProxyFile {
  readonly target: string
  readonly text: string
}

/** What this asks of the engine. */
export type HaproxyEngine = Pick<Images, 'hasImage'> & Pick<Throwaways, 'throwaway'> & Pick<Exec, 'exec'>

/** Both readable where nothing of the image's own lies. */
const folder = '/run/pgha-lab-check'

/**
 * In a container without a network that knows the lab's names.
 * @param configurations in the order in which HAProxy reads them. @param others what they name, at their places.
 * @param shown what a person calls the file of the last configuration.
 * @throws LabError `config` with HAProxy's own words and their lines; `image`, `engine` where it cannot be asked.
 */
export async function haproxyMustTake(
  docker: HaproxyEngine,
  image: string,
  given: {
    readonly configurations: readonly ProxyFile[]
    readonly others: readonly ProxyFile[]
    /** As in /etc/hosts. */
    readonly names: string
    readonly shown: string
  },
): Promise<void> {
  if (!(await docker.hasImage(image)))
    throw new LabError('image', `the image ${image} is not here`, {hint: ownCommand('doctor', '--fix')})
  await using container = await docker.throwaway(image)
  const places = given.configurations.map((_, index) => `${folder}/${index + 1}.cfg`)
  const put = async (path: string, text: string) => {
    const script = 'mkdir -p "$(dirname "$1")" && cat >> "$1"'
    const {code, lines} = await told(docker, container.id, ['sh', '-c', script, 'put', path], text)
    if (code !== 0) throw new LabError('engine', `HAProxy could not be asked: ${lines.at(-1) ?? code}`)
  }
  await put('/etc/hosts', given.names)
  for (const {target, text} of given.others) await put(target, text)
  for (const [index, {text}] of given.configurations.entries()) await put(places[index] ?? '', text)
  const {code, lines} = await told(docker, container.id, ['haproxy', '-c', ...places.flatMap(path => ['-f', path])], '')
  if (code === 0) return
  // 126, 127: it could not be started.
  if (code !== 1) throw new LabError('engine', `HAProxy could not be asked: ${lines.at(-1) ?? code}`)
  throw new LabError('config', complaints(lines, places.at(-1) ?? '', given.shown).join('\n'))
}

/** `[ALERT]    (7) : config : parsing [/run/1.cfg:6] : unknown keyword 'maxconx' ...` */
function complaints(lines: readonly string[], path: string, shown: string): readonly string[] {
  const alerts = lines.flatMap(line => {
    const [, says = ''] = /^\[ALERT\]\s+\(\d+\) : (?:config : )?(.+)$/.exec(line) ?? []
    if (says === '' || /^(Error\(s\) found in|Fatal errors found in)/.test(says)) return []
    const [, file, at, words] = /^parsing \[(.+?):(\d+)\] ?:? ?(.+)$/.exec(says) ?? []
    const where = file === path ? `${shown}:${at}` : shown
    return [`${where}: HAProxy says: ${printable(words ?? says.replaceAll(path, shown))}`]
  })
  return alerts.length > 0 ? alerts : [`${shown}: HAProxy does not take this: ${printable(lines.at(-1) ?? 'no word')}`]
}

async function told(docker: HaproxyEngine, id: string, argv: readonly string[], input: string) {
  await using running = await docker.exec(id, argv)
  running.stdin.end(input)
  const lines: string[] = []
  for await (const line of running.lines) lines.push(line)
  const code = await running.done
  if (running.lost !== undefined) throw running.lost
  return {code, lines: [...lines, ...running.stderr().split('\n')].filter(line => line.trim() !== '')}
}
