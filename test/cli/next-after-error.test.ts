/** Bad input ends with a next step that can be pasted: the word that was meant, the help, or the same again once it is mended. */
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, afterEach, beforeAll, beforeEach, expect, test, vi} from 'vitest'
import {complaint, remember} from '../../cli/called-as.ts'
import {run} from '../../cli/program.ts'
import {LabError} from '../../lab/words/errors.ts'
import {next, onLab, ownCommand} from '../../lab/words/next-step.ts'

const folder = mkdtempSync(join(tmpdir(), 'pgha-next-'))
let err = ''

beforeAll(() => {
  writeFileSync(join(folder, 'sc1.yaml'), 'about: x\n')
  writeFileSync(join(folder, 'empty.yaml'), '')
  writeFileSync(join(folder, 'slow.yaml'), 'patroni: {ttl: 25s}\n')
  for (const [run, text] of [
    ['broken', 'this is no event\n'],
    ['pgha-lab/runs/runs/by-hand', '{"at":1,"kind":"note","says":"so"}\n'],
  ] as const) {
    mkdirSync(join(folder, run), {recursive: true})
    writeFileSync(join(folder, run, 'events.ndjson'), text)
  }
  mkdirSync(join(folder, 'pgha-lab', 'labs', 'here'), {recursive: true})
  writeFileSync(join(folder, 'pgha-lab', 'labs', 'here', 'lab.json'), '{}')
})
const before = process.cwd()
afterAll(() => {
  process.chdir(before)
  rmSync(folder, {recursive: true})
})
beforeEach(() => {
  err = ''
  vi.stubEnv('XDG_STATE_HOME', folder)
  vi.stubEnv('PGHA_LAB_CALLED_AS', './pgha-lab')
  vi.stubEnv('DOCKER_HOST', 'unix:///nonexistent.sock')
  process.chdir(folder)
  vi.spyOn(process.stderr, 'write').mockImplementation(text => {
    err += String(text)
    return true
  })
})
afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  process.exitCode = undefined
})

const cases: readonly (readonly [readonly string[], string])[] = [
  [['status', '--name', 'It is'], './pgha-lab status --name it-is'],
  [['up', '--set', 'patroni.tll=40'], './pgha-lab up --set patroni.ttl=40s'],
  [['up', '--set', 'patroni.zzzzzz=40'], './pgha-lab up --help'],
  [['up', '--set', 'patroni.ttl=40', '--name', 'x'], './pgha-lab up --set patroni.ttl=40s --name x'],
  [['up', '--set', 'hosts.node4=etcd,patrni'], './pgha-lab up --set hosts.node4=etcd,patroni'],
  [['up', '--set', 'hosts.node4=etcd,postgres'], './pgha-lab up --set hosts.node4=etcd,patroni'],
  [['up', '--set', 'patroni.synchronous_mode=stict'], './pgha-lab up --set patroni.synchronous_mode=strict'],
  [['up', '--set', 'patrni.watchdog=of'], './pgha-lab up --set patroni.watchdog=off'],
  [['up', '--profile', 'fats'], './pgha-lab up --profile fast'],
  [['up', '--profile=fats'], './pgha-lab up --profile=fast'],
  // All that was typed wrong is put right at once, or nothing is.
  [['up', '-p', 'fats', '-s', 'patroni.tll=40s'], './pgha-lab up -p fast -s patroni.ttl=40s'],
  [['up', '-p', 'fats', '-s', 'patroni.zzzzzz=40s'], './pgha-lab up --help'],
  [
    ['predict', '--against', 'patroni.ttl=40', '--profile', 'fast'],
    './pgha-lab predict --against patroni.ttl=40s --profile fast',
  ],
  [['chaos', 'kill-leader', '--within', '30'], './pgha-lab chaos kill-leader --within 30s'],
  [['chaos', 'kill-leader', '--within=30'], './pgha-lab chaos kill-leader --within=30s'],
  [['chaos', 'kill-leader', '--within', '30sec'], './pgha-lab chaos kill-leader --within 30s'],
  [['chaos', 'kill-leader', '--within', '2h'], './pgha-lab chaos kill-leader --within 30m'],
  [['chaos', '--storm', '5s', '--seed', '7'], './pgha-lab chaos --storm 10s --seed 7'],
  [['chaos', 'kill-leader', '--within', 'soon'], './pgha-lab chaos --help'],
  [['chaos', 'kill-leader', '--repeat', '0'], './pgha-lab chaos kill-leader --repeat 1'],
  [['chaos', 'kill-leader', '--repeat', '5000'], './pgha-lab chaos kill-leader --repeat 1000'],
  [['chaos', 'kill-leader', '--phase', 'radnom'], './pgha-lab chaos kill-leader --phase random'],
  [['report', 'latest', '--format', 'htm'], './pgha-lab report latest --format html'],
  [['report', 'latest', '-f', 'htm', '-o', 'x.html'], './pgha-lab report latest -f html -o x.html'],
  [['compare', 'a', 'b', '--metric', 'totl'], './pgha-lab compare a b --metric total'],
  [['up', '--profil', 'fast'], './pgha-lab up --profile fast'],
  [['up', '--profil=fast'], './pgha-lab up --profile=fast'],
  // A file that is not there, beside one that is nearly called so; one that cannot be read.
  [['up', '--topology', './emtpy.yaml'], './pgha-lab up --topology ./empty.yaml'],
  [['up', '--topology', 'empty.yml', '-p', 'fast'], './pgha-lab up --topology empty.yaml -p fast'],
  [['up', '--topology', join(folder, 'zzzzzzzzz.yaml')], './pgha-lab up --topology colocated'],
  [['up', '--topology', './pgha-lab'], `ls -ld ${join(folder, 'pgha-lab')}`],
  [['scenarios', 'validate', './sc2.yaml'], './pgha-lab scenarios validate ./sc1.yaml'],
  [['chaos', './pgha-lab'], `ls -ld ${join(folder, 'pgha-lab')}`],
  [['report', 'by-hnad', '--name', 'runs'], './pgha-lab report by-hand --name runs'],
  // Its record is what was asked for, and no other.
  [['report', 'broken'], `head -c 300 ${join(folder, 'broken', 'events.ndjson')}`],
  [['judge', './broken'], `head -c 300 ${join(folder, 'broken', 'events.ndjson')}`],
  // Nobody wrote down which is the latest.
  [['report', 'latest', '--name', 'runs'], './pgha-lab report by-hand --name runs'],
  [['up', '--nonsense'], './pgha-lab up --help'],
  [['caos', 'kill-leader'], './pgha-lab chaos kill-leader'],
  [['help', 'caos'], './pgha-lab help chaos'],
  [['caos', '--help'], './pgha-lab chaos --help'],
  [['zzzzzzz'], './pgha-lab --help'],
  [['scenarios', 'sho', 'kill-leader'], './pgha-lab scenarios show kill-leader'],
  [['scenarios', 'kill-leader'], './pgha-lab scenarios show kill-leader'],
  [['scenarios', 'kill-leadr'], './pgha-lab scenarios show kill-leader'],
  [['scenarios', 'failover'], './pgha-lab scenarios --suite failover'],
  [['scenarios', 'sc1.yaml'], './pgha-lab scenarios validate sc1.yaml'],
  [['scenarios', 'zzzzzzzzzz'], './pgha-lab scenarios --help'],
  [['down', 'here'], './pgha-lab down --name here'],
  [['down', 'nowhere'], './pgha-lab down --help'],
  [['scenarios', 'validate', 'nosuch.yaml'], './pgha-lab scenarios'],
  [['chaos', 'kill-leadr', '--within', '30s', '--name', 'x'], './pgha-lab chaos kill-leader --within 30s --name x'],
  // Beside a sc1.yaml.
  [['chaos', 'sc1'], './pgha-lab chaos ./sc1.yaml'],
  [['chaos', 'kill-leader', '--fail-fast'], './pgha-lab chaos --help'],
  [['chaos', 'kill-leader', '--keep'], './pgha-lab chaos --help'],
  [['chaos', '--suite', 'failovr'], './pgha-lab chaos --suite failover'],
  [['up', '--topology', join(folder, 'empty.yaml')], `./pgha-lab up --topology ${join(folder, 'empty.yaml')}`],
  [['up', '--topology', 'colocatd'], './pgha-lab up --topology colocated'],
  [['up', '--topology', join(folder, 'no.yaml')], 'name a file that is there, or take our preset:'],
  [['predict', '--fault', 'kill-hots'], './pgha-lab predict --fault kill-host'],
  // Who looked at a file is not led to raise a lab, nor to another file, settings or name.
  [
    ['config', '--topology', 'slow.yaml', '--set', 'haproxy.fall=2', '--name', 'x'],
    './pgha-lab config --topology slow.yaml --set haproxy.fall=2 --name x --set patroni.ttl=25s --set patroni.loop_wait=5s --set patroni.retry_timeout=10s',
  ],
  [
    ['scenarios', '-t', 'slow.yaml', '--json'],
    './pgha-lab scenarios -t slow.yaml --json --set patroni.ttl=25s --set patroni.loop_wait=5s --set patroni.retry_timeout=10s',
  ],
  [
    ['config', '--set', 'patroni.ttl=25s', '--json'],
    './pgha-lab config --json --set patroni.ttl=25s --set patroni.loop_wait=5s --set patroni.retry_timeout=10s',
  ],
  [
    ['predict', '--topology', join(folder, 'zzzzzzzzz.yaml'), '--fault', 'kill-host'],
    './pgha-lab predict --fault kill-host --topology colocated',
  ],
  // A step that takes away what does not go together is not what was typed, though all its words were.
  [['chaos', 'kill-leader', '--storm', '10m', '--within', '30s'], './pgha-lab chaos kill-leader --within 30s'],
  [['chaos', 'kill-leader', '--suite', 'failover', '--within', '30s'], './pgha-lab chaos kill-leader --within 30s'],
]

test.each(cases)('%j', async (words, step) => {
  await run(['node', 'pgha-lab', ...words])
  expect(process.exitCode).toBe(2)
  expect(err.split('\n').map(line => line.replace(/^ *(?:next:)? */, ''))).toContain(step)
})

test.each([
  // What has to be done first is said; what was asked for is not lost behind it.
  [
    ['chaos', 'kill-leader', '--repeat', '3', '--within', '30s'],
    onLab('lab', 'chaos', 'kill-leader', '--within', '30s'),
    './pgha-lab chaos kill-leader --repeat 3 --within 30s',
  ],
  [
    ['up', '--set', 'patroni.ttl=40s', '--profile', 'fast'],
    onLab('lab', 'up'),
    './pgha-lab up --set patroni.ttl=40s --profile fast',
  ],
  // What a step names itself takes the place of what was typed; the rest was asked for, and stays.
  [['up', '--set', 'patroni.ttl=40s'], onLab('lab-2', 'up'), './pgha-lab up --set patroni.ttl=40s --name lab-2'],
  [['up', '-p', 'fast', '--name', 'a'], onLab('a-2', 'up'), './pgha-lab up -p fast --name a-2'],
  [['up', '--name=a', '-p', 'fast'], onLab('a-2', 'up'), './pgha-lab up -p fast --name a-2'],
  [
    ['up', '--set', 'patroni.ttl=25s', '--topology', 'x.yaml'],
    ownCommand('up', '--set', 'patroni.ttl=25s', '--set', 'patroni.loop_wait=5s'),
    './pgha-lab up --topology x.yaml --set patroni.ttl=25s --set patroni.loop_wait=5s',
  ],
  [['chaos', 'kill-leader', '--repeat', '3'], onLab('lab', 'chaos', 'stop-leader'), './pgha-lab chaos stop-leader'],
  // The lab that is to be raised for a scenario is called like it: its name is typed, and means something else.
  [
    ['chaos', 'disk-full', '--name', 's15'],
    onLab('disk-full', 'chaos', 'disk-full'),
    './pgha-lab chaos disk-full --name disk-full',
  ],
  [
    ['chaos', 'watchdog-resets', '--phase', 'worst', '-n', 's15', '--within', '30s', '--out', 'e'],
    onLab('watchdog-resets', 'chaos', 'watchdog-resets', '--within', '30s', '--phase', 'worst'),
    './pgha-lab chaos watchdog-resets --out e --within 30s --phase worst --name watchdog-resets',
  ],
  [
    ['chaos', 'disk-full', '--within=30s'],
    onLab('disk-full', 'chaos', 'disk-full', '--within', '30s'),
    './pgha-lab chaos disk-full --within 30s --name disk-full',
  ],
  // The usual lab is not the one that was named.
  [['chaos', 'disk-full', '--name', 's15'], onLab('lab', 'chaos', 'disk-full'), './pgha-lab chaos disk-full'],
  [['up', '-ns15', '-pfast'], onLab('lab', 'up'), './pgha-lab up -pfast'],
  // To raise a lab is another thing than to look at what it would be.
  [
    ['config', '--set', 'haproxy.fall=2'],
    onLab('x', 'up', '--profile', 'fast'),
    './pgha-lab up --profile fast --name x',
  ],
  [['status'], onLab('lab', 'up'), './pgha-lab up'],
] as const)('%j: a step that is the same again is what was typed', (words, hint, step) => {
  remember(words, ownCommand('--help'))
  const text = complaint(new LabError('busy', 'it is busy', {hint: next`${onLab('lab', 'heal')} ${hint}`}))
  expect(text.trimEnd().split('\n').at(-1)?.trim()).toBe(step)
})
