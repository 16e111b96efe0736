/** Every next step that the sources can print, read off their syntax: what a program fills in is `x`. */
import {globSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {parseSync} from 'rolldown/utils'
import {type Hint, next, OwnCommand, onLab, ownCommand, Steps, shell} from '../../lab/words/next-step.ts'
import {root} from './shell-blocks.ts'

export interface Found {
  /** `lab/state/open.ts: next` */
  readonly where: string
  readonly hint: Hint
}

type Node = {readonly type: string; readonly [key: string]: unknown}

/** What is not known before the program runs. */
const unknown = 'x'
/** The values of these keys are next steps. */
const keys = ['hint', 'fix', 'next']

export function nextStepsOfSources(): readonly Found[] {
  return globSync('{lab,cli}/**/*.{ts,tsx}', {cwd: root}).toSorted().flatMap(stepsIn)
}

/** Each command of ours that a source builds, whether or not it is a next step; those whose first word is not known left out. */
export function commandsOfSources(): readonly {readonly where: string; readonly command: OwnCommand}[] {
  return globSync('{lab,cli}/**/*.{ts,tsx}', {cwd: root})
    .toSorted()
    .flatMap(file => {
      const source = sourceOf(file)
      return source.nodes
        .filter(node => ['ownCommand', 'onLab'].includes(nameOf(node.callee)))
        .map(node => source.hintIn(node))
        .filter(
          command =>
            command instanceof OwnCommand && /^[a-z]{2,}$/.test(command.words({program: '', lab: ''})[1] ?? ''),
        )
        .map(command => ({where: file, command: command as OwnCommand}))
    })
}

function stepsIn(file: string): Found[] {
  const source = sourceOf(file)
  return source.nodes.flatMap(node => {
    const values =
      node.type === 'Property' && keys.includes(nameOf(node.key)) && !node.shorthand
        ? alternatives(node.value as Node)
        : node.type === 'TaggedTemplateExpression' && nameOf(node.tag) === 'next'
          ? [node]
          : []
    return values.flatMap(value => {
      const hint = source.hintIn(value)
      return hint === undefined ? [] : [{where: `${file}:${source.line(value)}`, hint}]
    })
  })
}

function alternatives(node: Node): Node[] {
  return node.type === 'ConditionalExpression'
    ? [...alternatives(node.consequent as Node), ...alternatives(node.alternate as Node)]
    : [node]
}

const known = new Map<string, ReturnType<typeof read>>()

/** Read once: two questions are asked of each. */
function sourceOf(file: string): ReturnType<typeof read> {
  const source = known.get(file) ?? read(file)
  known.set(file, source)
  return source
}

function read(file: string) {
  const text = readFileSync(join(root, file), 'utf8')
  const nodes = allIn(parseSync(file, text).program as unknown as Node)
  const values = new Map(
    nodes
      .filter(node => node.type === 'VariableDeclarator' && node.init)
      .map(node => [nameOf(node.id), node.init as Node]),
  )
  const asHint = (node: Node): Hint => hintIn(node) ?? unknown
  const hintIn = (node: Node): Hint | undefined => {
    if (node.type === 'Literal' && typeof node.value === 'string') return node.value
    if (node.type === 'TemplateLiteral') return textOf(node)
    if (node.type === 'TaggedTemplateExpression' && nameOf(node.tag) === 'next') {
      const {quasis, expressions} = node.quasi as unknown as {quasis: Quasi[]; expressions: Node[]}
      return next(cookedOf(quasis), ...expressions.map(one => asHint(alternatives(one)[0]!)))
    }
    // Another next step, which is looked at where it is made.
    if (node.type === 'LogicalExpression') return new Steps([])
    if (node.type === 'CallExpression') return called(node, asHint)
    if (node.type === 'Identifier' && values.has(nameOf(node))) {
      const value = values.get(nameOf(node))!
      return ['TaggedTemplateExpression', 'CallExpression'].includes(value.type) ? hintIn(value) : undefined
    }
    return undefined
  }
  return {nodes, hintIn, line: (node: Node) => text.slice(0, node.start as number).split('\n').length}
}

function called(node: Node, asHint: (node: Node) => Hint): Hint | undefined {
  const given = node.arguments as Node[]
  const name = nameOf(node.callee)
  if (name === 'ownCommand') return ownCommand(...wordsOf(given))
  if (name === 'onLab') return onLab(unknown, ...wordsOf(given.slice(1)))
  if (name === 'shell') return shell(textOf(given[0]!))
  const of = (node.callee as Node).type === 'MemberExpression' ? ((node.callee as Node).object as Node) : undefined
  if (of === undefined) return undefined
  const as = nameOf((node.callee as Node).property)
  const command = as === 'asRoot' || as === 'onEngine' ? asHint(of) : undefined
  if (!(command instanceof OwnCommand)) return undefined
  return as === 'asRoot' ? command.asRoot() : command.onEngine(textOf(given[0]!))
}

function wordsOf(nodes: readonly Node[]): string[] {
  return nodes.filter(node => node.type !== 'SpreadElement').map(textOf)
}

function textOf(node: Node): string {
  if (node.type === 'Literal') return String(node.value)
  if (node.type !== 'TemplateLiteral') return unknown
  return (node.quasis as Quasi[]).map(({value}) => value.cooked).join(unknown)
}

interface Quasi {
  readonly value: {readonly cooked: string; readonly raw: string}
}

function cookedOf(quasis: readonly Quasi[]): TemplateStringsArray {
  const cooked = quasis.map(({value}) => value.cooked)
  return Object.assign(cooked, {raw: quasis.map(({value}) => value.raw)})
}

function nameOf(node: unknown): string {
  const {name, value} = (node ?? {}) as {name?: unknown; value?: unknown}
  return typeof name === 'string' ? name : typeof value === 'string' ? value : ''
}

function allIn(node: Node): Node[] {
  const inside = Object.values(node).flatMap(value => (Array.isArray(value) ? value : [value]))
  return [node, ...inside.filter(isNode).flatMap(allIn)]
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value
}
