/** What the tidy rules ask of a source: its functions, what it exports and what it takes of others, read by TypeScript's own parser. */
import {join, relative} from 'node:path'
import {
  isArrowFunction,
  isAwaitExpression,
  isCallExpression,
  isConstructorDeclaration,
  isExportDeclaration,
  isFunctionDeclaration,
  isFunctionExpression,
  isGetAccessorDeclaration,
  isIdentifier,
  isImportDeclaration,
  isImportTypeNode,
  isInterfaceDeclaration,
  isLiteralTypeNode,
  isMethodDeclaration,
  isNamedExports,
  isNamedImports,
  isObjectBindingPattern,
  isParenthesizedExpression,
  isStringLiteral,
  isTypeAliasDeclaration,
  isVariableDeclaration,
  isVariableStatement,
  type Node,
  type SourceFile,
  SyntaxKind,
} from 'typescript/unstable/ast'
import {API} from 'typescript/unstable/sync'

/** What a function is called that has none. */
export const nameless = 'a function without a name'

export interface FunctionFound {
  readonly name: string
  readonly lines: number
  /** What stands before it, and before what it is the value of. */
  readonly comment: string
}

/** Names taken of a module; `*`: all of them. */
interface Taken {
  readonly from: string
  readonly names: readonly string[]
}

export interface Source {
  readonly path: string
  readonly functions: readonly FunctionFound[]
  readonly exports: readonly string[]
  /** Exported types that another export of the file speaks of: whoever takes that one needs them, and so does its declaration. */
  readonly spokenOf: ReadonlySet<string>
  readonly taken: readonly Taken[]
}

/** All sources of a TypeScript project that stand under its root, by their paths from there. */
export function sourcesOf(root: string, project: string): ReadonlyMap<string, Source> {
  const api = new API({cwd: root})
  try {
    const [opened] = api.updateSnapshot({openProject: join(root, project)}).getProjects()
    if (opened === undefined) throw new Error(`no project ${project}`)
    const paths = opened.program.getSourceFileNames().filter(path => !/node_modules|^bundled:/.test(path))
    return new Map(
      paths.flatMap(path => {
        const file = opened.program.getSourceFile(path)
        const own = relative(root, path)
        return file === undefined || own.startsWith('..') ? [] : [[own, sourceOf(own, file)] as const]
      }),
    )
  } finally {
    api.close()
  }
}

function sourceOf(path: string, file: SourceFile): Source {
  const functions: FunctionFound[] = []
  const taken: Taken[] = []
  const takes = (target: string, names: readonly string[]) =>
    taken.push({from: target.startsWith('.') ? join(path, '..', target) : target, names})
  const visit = (node: Node, parents: readonly Node[]): void => {
    if (isFunction(node)) functions.push(functionOf(node, parents, file))
    takenBy(node, parents, takes)
    node.forEachChild(child => visit(child, [...parents, node]))
  }
  visit(file, [])
  return {path, functions, exports: exportsOf(file), spokenOf: spokenOf(file), taken}
}

const isFunction = (node: Node) =>
  [
    isFunctionDeclaration,
    isFunctionExpression,
    isArrowFunction,
    isMethodDeclaration,
    isConstructorDeclaration,
    isGetAccessorDeclaration,
  ].some(is => is(node))

function functionOf(node: Node, parents: readonly Node[], file: SourceFile): FunctionFound {
  const {text} = file
  const start = node.getStart(file)
  // The value of a constant or a property has its comment and its name there.
  const statement = parents.findLast(isVariableStatement)
  const holder =
    [node, ...parents.toReversed()].find(one => nameOf(one) !== undefined && one.end <= node.end + 1) ?? node
  const before = statement !== undefined && statement.end <= node.end + 1 ? statement : holder
  return {
    name: nameOf(holder) ?? nameless,
    lines: text.slice(start, node.end).split('\n').length,
    comment: text.slice(before.pos, before.getStart(file)),
  }
}

function nameOf(node: Node): string | undefined {
  if (isConstructorDeclaration(node)) return 'constructor'
  const {name} = node as Node & {readonly name?: Node & {readonly text?: string}}
  return name?.text
}

/** `import`, `export … from`, `import(…)` of a value and of a type. */
function takenBy(node: Node, parents: readonly Node[], takes: (from: string, names: readonly string[]) => void): void {
  if (isImportDeclaration(node) && isStringLiteral(node.moduleSpecifier)) {
    const named = node.importClause?.namedBindings
    const names = named !== undefined && isNamedImports(named) ? named.elements.map(namedThere) : undefined
    const ofDefault = node.importClause?.name === undefined ? [] : ['default']
    takes(node.moduleSpecifier.text, [...ofDefault, ...(names ?? (named === undefined ? [] : ['*']))])
  } else if (isExportDeclaration(node) && node.moduleSpecifier !== undefined && isStringLiteral(node.moduleSpecifier)) {
    const list = node.exportClause
    takes(node.moduleSpecifier.text, list !== undefined && isNamedExports(list) ? list.elements.map(namedThere) : ['*'])
  } else if (isCallExpression(node) && node.expression.kind === SyntaxKind.ImportKeyword) {
    const [target] = node.arguments
    if (target !== undefined && isStringLiteral(target)) takes(target.text, unpacked(parents))
  } else if (isImportTypeNode(node) && isLiteralTypeNode(node.argument) && isStringLiteral(node.argument.literal)) {
    const {qualifier} = node
    takes(node.argument.literal.text, [qualifier !== undefined && isIdentifier(qualifier) ? qualifier.text : '*'])
  }
}

const namedThere = (element: {
  readonly propertyName?: {readonly text: string} | undefined
  readonly name: {readonly text: string}
}) => (element.propertyName ?? element.name).text

/** `const {a, b: c} = await import(…)` and `(await import(…)).a`; with anything else, all. */
function unpacked(parents: readonly Node[]): readonly string[] {
  const around = parents.toReversed().find(one => !isAwaitExpression(one) && !isParenthesizedExpression(one))
  if (around !== undefined && isVariableDeclaration(around) && isObjectBindingPattern(around.name))
    return around.name.elements.map(one => {
      const name = one.propertyName ?? one.name
      return name !== undefined && isIdentifier(name) ? name.text : '*'
    })
  const {name} = (around ?? {}) as {readonly name?: Node}
  return name !== undefined && isIdentifier(name) && around?.kind === SyntaxKind.PropertyAccessExpression
    ? [name.text]
    : ['*']
}

function exportsOf(file: SourceFile): readonly string[] {
  return file.statements.flatMap(exportedBy)
}

function exportedBy(statement: Node): readonly string[] {
  if (isExportDeclaration(statement)) {
    const list = statement.exportClause
    return list !== undefined && isNamedExports(list) ? list.elements.map(one => one.name.text) : []
  }
  const {modifiers = []} = statement as {readonly modifiers?: readonly Node[]}
  if (![...modifiers].some(one => one.kind === SyntaxKind.ExportKeyword)) return []
  if ([...modifiers].some(one => one.kind === SyntaxKind.DefaultKeyword)) return ['default']
  if (!isVariableStatement(statement)) return [nameOf(statement) ?? []].flat()
  return statement.declarationList.declarations.flatMap(one => nameOf(one) ?? [])
}

function spokenOf(file: SourceFile): ReadonlySet<string> {
  const exported = [...file.statements].filter(statement => exportedBy(statement).length > 0)
  const texts = exported.map(statement => ({
    type: isTypeAliasDeclaration(statement) || isInterfaceDeclaration(statement) ? statement.name.text : undefined,
    text: statement.getText(file),
  }))
  const types = texts.flatMap(({type}) => type ?? [])
  return new Set(
    types.filter(type => texts.some(one => one.type !== type && new RegExp(`\\b${type}\\b`).test(one.text))),
  )
}
