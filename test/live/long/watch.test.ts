/** `watch` on a pseudo-terminal, as a person has it: looked at, broken from, resized, left. */
import {execa} from 'execa'
import {afterAll, beforeAll, expect, test, vi} from 'vitest'
import {worksOn} from '../../../lab/state/lock.ts'
import {expectExit, expectStatus} from '../cli.ts'
import {PseudoTerminal} from './pseudo-terminal.ts'

const name = 'live-watch'
const lab = ['--name', name]

beforeAll(async () => {
  await expectExit(0, ['down', ...lab])
  await expectExit(0, ['up', '--profile', 'fast', ...lab])
})
afterAll(() => expectExit(0, ['down', ...lab]))

async function broken(): Promise<readonly unknown[]> {
  return (JSON.parse((await expectStatus([...lab, '--json'])).out) as {faultsInForce: unknown[]}).faultsInForce
}

const idle = /● node\d leader +running/

/** From the palette to a fault that took hold. */
async function breakEtcd(terminal: PseudoTerminal): Promise<void> {
  await terminal.type('/kill etcd on etcd-leader stays')
  await terminal.until('> kill etcd on etcd-leader stays-down=true')
  await terminal.press('Enter')
  await terminal.until(/hits +node\d/)
  await terminal.until('enter does it')
  await terminal.press('Enter')
  await terminal.until('it took hold on', 60_000)
}

test('it shows the lab at every size without a smear, breaks it, locks it for so long, and heals before it is left', async () => {
  await using terminal = await PseudoTerminal.open(120, 40)
  await terminal.type('echo what was there before')
  await terminal.press('Enter')
  await terminal.run('watch', ...lab)
  await terminal.until(idle, 60_000)
  await terminal.until(/quorum +3 of 3/)
  expect(worksOn(name)).toBeNull()
  for (const [columns, rows] of [
    [80, 24],
    [60, 20],
    [200, 50],
    [120, 40],
  ] as const) {
    await terminal.resize(columns, rows)
    // A frame that was not erased would leave its head, or its footer, behind.
    await vi.waitFor(
      async () => {
        const screen = await terminal.screen()
        expect(screen).toMatch(new RegExp(`^lab ${name} .*\\n── Members[\\s\\S]*\\n\\? help`))
        expect(screen.match(/── Members/g)).toHaveLength(1)
        expect(screen.match(/^\? help/gm)).toHaveLength(1)
        expect(screen.trimEnd().split('\n')).toHaveLength(rows - 1)
      },
      {timeout: 10_000},
    )
  }
  await breakEtcd(terminal)
  expect(worksOn(name)).toMatchObject({doing: 'watch'})
  expect(await broken()).not.toEqual([])
  await terminal.press('q')
  const left = await terminal.until('watched lab', 60_000)
  expect(left).toContain('what was there before')
  expect(left).not.toContain('── Members')
  expect(left).toMatch(/broke: kill etcd on etcd-leader stays-down=true \(node\d\)\nhealed/)
  expect(await broken()).toEqual([])
  expect(worksOn(name)).toBeNull()
})

test('a shell, psql and patronictl have the terminal to themselves, and the screen comes back', async () => {
  await using terminal = await PseudoTerminal.open(100, 30)
  await terminal.run('watch', ...lab)
  await terminal.until(idle, 60_000)
  await terminal.press('p')
  await terminal.until('app=>')
  await terminal.settled()
  await terminal.type("select 'answer ' || 6 * 7;")
  await terminal.press('Enter')
  await terminal.until(/answer 42\n\(1 row\)\s+app=>/)
  await terminal.settled()
  await terminal.type('\\q')
  await terminal.press('Enter')
  await terminal.until(idle)
  await terminal.press('s')
  await terminal.until(/root@node\d/)
  await terminal.settled()
  await terminal.type('exit')
  await terminal.press('Enter')
  await terminal.until(idle)
  await terminal.press('c')
  await terminal.until(/\| Member \|[\s\S]*\| Leader +\| running/)
  await terminal.press('C-c')
  await terminal.until(idle)
  await terminal.press('q')
  await terminal.until('watched lab')
})

/** Whose keys are heard. */
async function isListening(terminal: PseudoTerminal): Promise<void> {
  await terminal.press('?')
  await terminal.until(/a shell on the host of the log/)
  await terminal.press('Escape')
  await terminal.until(idle)
}

test('after a command that fails, and after a scenario that was stepped through, every key is heard', async () => {
  await using terminal = await PseudoTerminal.open(120, 40)
  await terminal.run('watch', ...lab)
  await terminal.until(idle, 60_000)
  await terminal.press('s')
  await terminal.until(/root@node\d/)
  await terminal.settled()
  await terminal.type('exit 3')
  await terminal.press('Enter')
  await terminal.until('enter goes back to the screen')
  await terminal.press('Enter')
  await terminal.until(/shell .* ended with 3/)
  await isListening(terminal)
  await terminal.type('/scenario switchover')
  await terminal.until('> scenario switchover')
  await terminal.press('Enter')
  for (let presses = 0; presses < 3; presses++) {
    const screen = await terminal.until(/paused before step|y\/N|enter does it/)
    if (/paused before/.test(screen)) break
    await terminal.press(/y\/N/.test(screen) ? 'y' : 'Enter')
  }
  for (let step = 1; step <= 4; step++) {
    await terminal.until(`paused before step ${step}:`, 120_000)
    await terminal.press('Space')
  }
  await terminal.until(/(PASSED|FAILED|INCONCLUSIVE)[\s\S]*enter goes back to the screen/, 120_000)
  await terminal.press('Enter')
  await terminal.until(idle)
  await isListening(terminal)
  await terminal.press('C-c')
  await terminal.until('watched lab')
})

test('a signal that ends it has its exit code, once what it broke is healed', async () => {
  await using terminal = await PseudoTerminal.open(100, 30)
  await terminal.run('watch', ...lab)
  await terminal.until(idle, 60_000)
  await breakEtcd(terminal)
  await terminal.press('C-c')
  await terminal.until(/watched lab[\s\S]*\nbash-\S+[#$]/, 60_000)
  await terminal.type('echo ended with $?')
  await terminal.press('Enter')
  await terminal.until('ended with 130')
  expect(await broken()).toEqual([])
})

test('a lab that goes and is raised anew is watched again', async () => {
  const other = ['--name', `${name}-anew`]
  await expectExit(0, ['up', '--profile', 'fast', ...other])
  try {
    await using terminal = await PseudoTerminal.open(100, 30)
    await terminal.run('watch', ...other)
    await terminal.until(idle, 60_000)
    await expectExit(0, ['down', ...other])
    expect(await terminal.until('is gone')).not.toMatch(/▲|leader/)
    await expectExit(0, ['up', '--profile', 'fast', ...other])
    await terminal.until(/● node\d leader +running[\s\S]*quorum +3 of 3/, 60_000)
    await terminal.press('q')
    await terminal.until('watched lab')
  } finally {
    await expectExit(0, ['down', ...other])
  }
})

test('the third Ctrl-C leaves at once, says what is left, gives the terminal back, and heal mends it', async () => {
  await using terminal = await PseudoTerminal.open(100, 30)
  await terminal.run('watch', ...lab)
  await terminal.until(idle, 60_000)
  await breakEtcd(terminal)
  await terminal.press('C-c', 'C-c', 'C-c')
  const left = await terminal.until(/still in force: .*kill|watched lab/, 60_000)
  await terminal.type('stty -a')
  await terminal.press('Enter')
  expect(await terminal.until(/ echo /)).toMatch(/ icanon /)
  // On a machine that is fast enough it has healed before the third.
  if (left.includes('still in force')) expect(left).toContain(`heal ${lab.join(' ')}`)
  await expectExit(0, ['heal', ...lab])
  expect(await broken()).toEqual([])
})

test('a run in the next pane plays as always, and is seen here with its steps', async () => {
  await using screen = await PseudoTerminal.open(120, 40)
  await using next = await PseudoTerminal.open(100, 30)
  await screen.run('watch', ...lab)
  await screen.until(idle, 60_000)
  await next.run('chaos', 'kill-leader', '--step', ...lab)
  for (let step = 1; step <= 7; step++) {
    await next.until(`paused before step ${step}:`, 180_000)
    if (step === 3) await screen.until(/Run: kill-leader[\s\S]*2\. crash: kill host on leader/)
    await next.press('Space')
  }
  await next.until(/PASSED|FAILED|INCONCLUSIVE/, 180_000)
  await screen.press('q')
  await screen.until('watched lab')
})

/** Programs that write or read for somebody, on the host of the clients. */
async function agents(): Promise<readonly string[]> {
  const list = 'for one in /proc/[0-9]*/cmdline; do tr "\\0" " " < $one; echo; done'
  const {out} = await expectExit(0, ['shell', 'app1', ...lab, '--', 'sh', '-c', list])
  return out.split('\n').filter(line => /agent\S*\.(mjs|py)/.test(line))
}

async function lightTables(): Promise<string> {
  const names = String.raw`select count(*) from pg_tables where tablename like 'pgha\_watch\_%'`
  return (await expectExit(0, ['psql', ...lab, '-At', '-c', names])).out.trim()
}

const writing = /── Clients: a light load ─[\s\S]*writes +[1-9]\d*\/s/

test('a light load writes, gives way to a run in the next pane, begins anew after it, and ends with a screen that is killed', async () => {
  await using screen = await PseudoTerminal.open(120, 40)
  await screen.run('watch', '--load', ...lab)
  await screen.until(writing, 60_000)
  expect(worksOn(name)).toBeNull()
  expect(await agents()).not.toEqual([])
  {
    await using next = await PseudoTerminal.open(100, 30)
    await next.run('chaos', 'kill-haproxy', ...lab)
    await screen.until('Clients of kill-haproxy; the load waits until it is over', 60_000)
    await next.until(/^(PASSED|INCONCLUSIVE) kill-haproxy/m, 180_000)
  }
  await screen.until(writing, 60_000)
  await expectExit(0, ['break', 'kill', 'haproxy', 'on', 'proxy1', ...lab])
  await screen.until(/NO WRITES for [\d.]+ s/)
  await expectExit(0, ['heal', ...lab])
  await screen.until(/gap +none +longest [\d.]+ s[\s\S]*lost 0/, 60_000)

  const {stdout: pid} = await execa('pgrep', ['-f', `main.js watch --load --name ${name}$`])
  process.kill(Number(pid), 'SIGKILL')
  await vi.waitFor(async () => expect(await agents()).toEqual([]), {timeout: 60_000, interval: 1000})
  // Its own table is left to one that begins when no agent can be writing it any more; an orderly end takes it away.
  expect(await lightTables()).toBe('1')
  await using after = await PseudoTerminal.open(120, 40)
  await after.run('watch', '--load', ...lab)
  await after.until(writing, 60_000)
  expect(await lightTables()).toBe('2')
  await after.press('q')
  await after.until('watched lab', 60_000)
  expect([await lightTables(), await agents()]).toEqual(['1', []])
})

test('break says what it would hit, breaks it, and leaves it for heal', async () => {
  const {out} = await expectExit(0, ['break', 'kill', 'host', 'on', 'leader', '--dry-run', ...lab])
  expect(out).toMatch(/hits +node\d \(leader\)/)
  expect(await broken()).toEqual([])
  const done = await expectExit(0, ['break', 'pause-cluster', ...lab])
  expect(done.out).toMatch(/took hold: [\s\S]*in force; to do: /)
  expect(await broken()).toHaveLength(1)
  const refused = await expectExit(2, ['break', 'lose-etcd-data', ...lab])
  expect(refused.err).toContain('--yes')
  await expectExit(0, ['heal', ...lab])
  expect(await broken()).toEqual([])
})
