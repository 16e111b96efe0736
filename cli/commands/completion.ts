import {Argument, type Command, type Option} from 'commander'
import {LabError} from '../../lab/inside/start.ts'
import {topics} from '../help-topics.ts'
import {command} from '../options.ts'
import {printData} from '../output.ts'
import {forAll} from '../their-arguments.ts'

/**
 * What each shell is told: it asks the program for the words that may follow, so that no list of them can be old. Where there are none
 * it is left to the shell, which knows files.
 */
const scripts = {
  bash: `_pgha_lab() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "$("\${COMP_WORDS[0]}" completion words -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _pgha_lab pgha-lab ./pgha-lab
`,
  zsh: `#compdef pgha-lab
_pgha_lab() {
  local -a found
  found=(\${(f)"$("\${words[1]}" completion words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
  if (( $#found )); then compadd -a found; else _files; fi
}
# In a folder of $fpath zsh calls the file itself; else it is read once.
if [ "$funcstack[1]" = _pgha-lab ]; then _pgha_lab "$@"; else compdef _pgha_lab pgha-lab; fi
`,
  fish: `function __pgha_lab
  set -l words (commandline -opc) (commandline -ct)
  set -l found ($words[1] completion words -- $words[2..-1] 2>/dev/null)
  if set -q found[1]
    printf '%s\\n' $found
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c pgha-lab -f -a '(__pgha_lab)'
`,
} as const

type Shell = keyof typeof scripts

export function completion(): Command {
  return command(
    'completion',
    'Print what makes a shell complete the words of this program: bash, zsh or fish.\nThe shell then asks the program itself, which tells commands, options, and the values of those that have a list. bash: source the file; zsh: a folder of $fpath; fish: ~/.config/fish/completions.',
    'completion bash > pgha-lab.bash\ncompletion zsh > _pgha-lab\ncompletion fish > pgha-lab.fish',
  )
    .addArgument(
      new Argument('<shell>', 'which shell; `words` is what it then asks with').choices([
        ...Object.keys(scripts),
        'words',
      ]),
    )
    .argument('[words...]', 'with `words`, behind --: those before the cursor, and the one that is begun')
    .action(action)
}

async function action(shell: Shell | 'words', words: readonly string[], _: unknown, self: Command): Promise<void> {
  if (shell === 'words') {
    const found = await following(self.parent!, words)
    return printData(found.map(word => `${word}\n`).join(''))
  }
  if (words.length > 0) throw new LabError('usage', `completion ${shell} takes no more words`)
  printData(scripts[shell])
}

/** @param words the last one is begun, and may be empty. */
async function following(program: Command, words: readonly string[]): Promise<readonly string[]> {
  // `--profile=f` is one word for zsh and fish, and three for bash, which wants the value alone.
  const apart = words.filter((word, index) => word !== '=' || index === words.length - 1)
  const begun = apart.at(-1) === '=' ? '' : (apart.at(-1) ?? '')
  const [, option, value = ''] = /^(--[a-z-]+)=(.*)$/.exec(begun) ?? []
  if (option === undefined) return wordsAfter(program, [...apart.slice(0, -1), begun])
  return (await wordsAfter(program, [...apart.slice(0, -1), option, value])).map(word => `${option}=${word}`)
}

async function wordsAfter(program: Command, words: readonly string[]): Promise<readonly string[]> {
  const [name, ...before] = words.slice(0, -1).filter(word => !forAll.has(word))
  const begun = words.at(-1) ?? ''
  const at = (of: Command) => of.options.filter(option => !option.hidden).flatMap(({long}) => long ?? [])
  const fits = (found: readonly string[]) => found.filter(word => word.startsWith(begun))
  const commands = program.commands.map(one => one.name())
  if (name === undefined) return fits([...commands, ...at(program), '--help'])
  if (name === 'help') return fits([...commands, ...Object.keys(topics)])
  const meant = program.commands.find(one => one.name() === name)
  if (meant === undefined) return []
  const last = before.at(-1) ?? ''
  const option = meant.options.find(one => one.long === last || one.short === last)
  if (option?.required) return fits(await valuesOf(option))
  if (begun.startsWith('-')) return fits([...at(meant), '--help'])
  if (name === 'break') return fits(await faultWordsAfter(before))
  const listed = meant.registeredArguments.flatMap(one => one.argChoices ?? [])
  return fits(name === 'chaos' || name === 'scenarios' ? [...listed, ...(await scenarioWords())] : listed)
}

async function valuesOf({long, argChoices = []}: Option): Promise<readonly string[]> {
  if (long === '--profile') return ['default', 'fast']
  if (long === '--release') return (await import('../../lab/inside/start.ts')).releaseNames
  if (long === '--name') return (await import('../../lab/inside/start.ts')).savedLabs()
  if (long === '--topology') return (await import('../../lab/inside/reading.ts')).presetsOf().map(one => one.name)
  if (long === '--suite') return ['all', ...(await import('../../lab/index.ts')).suites().keys()]
  return argChoices
}

async function scenarioWords(): Promise<readonly string[]> {
  return (await import('../../lab/index.ts')).scenarioNames()
}

/** What may follow in the words of a fault. */
async function faultWordsAfter(before: readonly string[]): Promise<readonly string[]> {
  const {faultWordsThatFollow} = await import('../../lab/inside/engine.ts')
  return faultWordsThatFollow(before.filter(word => !word.startsWith('-')))
}
