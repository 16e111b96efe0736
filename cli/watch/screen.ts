/** `watch` on a terminal: its screen, and what gives way to another command and comes back. */
import type {Lab, WatchOptions} from '../../lab/index.ts'
import {exitCodes, LabError, next, onLab, sentence} from '../../lab/inside/start.ts'
import {ask} from '../asked.ts'
import {spoken, spokenNext} from '../called-as.ts'
import {onInterrupt} from '../interrupt.ts'
import {print, tell} from '../output.ts'
import {newAsked, showWatch} from '../ui/screen.tsx'
import type {Act} from '../ui/watch-state.ts'
import {withTerminal} from './away.ts'
import {WatchSession} from './session.ts'

/** 128 and SIGINT. */
const interrupted = 130

/** Until a person leaves; what was broken from here is healed first. @throws LabError `heal-failed` */
export async function watchOnScreen(lab: Lab, options: WatchOptions): Promise<void> {
  const session = new WatchSession(lab, options)
  // Whoever leaves by the third Ctrl-C is told what stays, and that wins over every other exit code.
  const sayLeft = () => {
    const left = session.wouldStay
    for (const one of left) tell(`still in force: ${one}\n`)
    if (left.length === 0) return
    tell(`${spokenNext(next`to heal it: ${onLab(lab.name, 'heal')}`)}\n`)
    process.exitCode = exitCodes.healing
  }
  process.on('exit', sayLeft)
  try {
    await session.begin()
    await attend(lab, session)
  } finally {
    await session[Symbol.asyncDispose]()
    process.off('exit', sayLeft)
  }
  print(`${session.summary().join('\n')}\n`)
}

/** The screen, again after each command that it gave way to. A signal that ended it decides the exit code. */
async function attend(lab: Lab, session: WatchSession): Promise<void> {
  const asked = newAsked()
  for (;;) {
    const left = await attendOnce(lab, session, asked)
    if (left === 'quit') return
    const {ended, code} = await withTerminal(left.words)
    if (ended !== null) {
      process.exitCode = exitCodes[ended === 'SIGHUP' ? 'hangup' : 'terminated']
      return
    }
    // Of what goes on until Ctrl-C that is the way back, and nothing has failed.
    const failed = code !== 0 && (left.stays || code !== interrupted)
    if (left.stays || failed) await untilRead()
    if (failed) session.tell(`${left.words.join(' ')} ended with ${code}`)
  }
}

interface Away {
  readonly words: readonly string[]
  /** What it has printed is to be read before the screen comes back. */
  readonly stays: boolean
}

async function attendOnce(lab: Lab, session: WatchSession, asked: ReturnType<typeof newAsked>): Promise<'quit' | Away> {
  const {promise: over, resolve: leave} = Promise.withResolvers<'quit' | Away>()
  using interrupt = onInterrupt({
    first: 'leaving; what was broken from here is healed first ...',
    second: spoken(
      sentence`once more leaves at once, and a fault that is in force stays; \`${onLab(lab.name, 'heal')}\` mends it`,
    ),
  })
  const shown = showWatch(asked, {
    read: () => session.read(),
    onInterrupt() {
      interrupt.press()
      session.leave(++asked.presses)
    },
    onAct: act => void perform(act).catch(error => failed(error)),
  })
  const {promise: broken, reject: failed} = Promise.withResolvers<never>()
  interrupt.signal.addEventListener('abort', () => leave('quit'), {once: true})
  async function perform(act: Act): Promise<void> {
    switch (act.do) {
      case 'quit':
        session.leave(0)
        return leave('quit')
      case 'heal':
        return session.heal()
      case 'preview': {
        const preview = await session.preview(act.words)
        // Another may be looked at by now, or none.
        if (asked.state.preview?.words === act.words) asked.state = {...asked.state, preview}
        return
      }
      case 'break':
        return session.break(act.words)
      case 'scenario':
        return leaveFor({words: ['chaos', act.name, '--step', '--name', lab.name], stays: true})
      case 'open':
        return leaveFor({words: toolWords(act.tool, session, asked.state.pane), stays: false})
    }
  }
  /** A run heals what it finds broken, and works on the lab alone. */
  function leaveFor(away: Away): void {
    if (away.words[0] === 'chaos' && session.inForce.length > 0)
      session.tell(`first h heals what is in force: ${session.inForce.join('; ')}`)
    else leave(away)
  }
  try {
    const left = await Promise.race([over, broken])
    // The screen stays while it heals, and shows it.
    if (left === 'quit') await session.mendOwn()
    process.exitCode = interrupt.code()
    return left
  } finally {
    await shown.done()
  }
}

function toolWords(tool: 'shell' | 'psql' | 'patronictl', session: WatchSession, pane: number): readonly string[] {
  const named = ['--name', session.labName]
  if (tool === 'psql') return ['psql', ...named]
  if (tool === 'patronictl') return ['patronictl', ...named, 'list', '-W']
  return ['shell', ...named, session.hostOfPane(pane)]
}

async function untilRead(): Promise<void> {
  try {
    await ask([{asks: 'enter goes back to the screen', usual: '', takes: () => '', refused: ''}])
  } catch (error) {
    if (!(error instanceof LabError)) throw error
  }
}
