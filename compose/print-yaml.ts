/** Values to YAML that every reader of ours takes for the same values: Compose (Go), Patroni (PyYAML, YAML 1.1), etcd, `yaml`. */
import {Document, isCollection, isMap, isPair, isScalar, isSeq, type Node, type Pair, Scalar, visit} from 'yaml'
import {strayCharacter} from '../lab/words/plain-text.ts'

export type Value = string | number | boolean | readonly Value[] | {readonly [key: string]: Value | undefined}

/** A comment for whoever reads the file. */
export interface Note {
  readonly at: readonly (string | number)[]
  /** On the lines above the key. */
  readonly above?: string
  /** Behind the value, on its line. */
  readonly beside?: string
  /** An empty line above the key. */
  readonly apart?: true
}

interface Layout {
  /** At the head of the file. */
  readonly header?: string
  readonly notes?: readonly Note[]
  /** Lists and mappings of scalars stand on one line if they are no longer than this. */
  readonly oneLine?: number
}

/** Text that no YAML reads as anything else: words that begin with a letter, and URLs. */
const plain = /^[A-Za-z/](?:[\w./=,@*-]|:(?=[\w./]))*(?: [A-Za-z0-9_/](?:[\w./=,@*-]|:(?=[\w./]))*)*$/

const mergeTag = 'tag:yaml.org,2002:merge'

/**
 * The text of the values, with the comments.
 * @throws TypeError for a character that ends a line in some reader, whether in a key, a value or a comment (a line break \n
 * may stand in a value), and for a key that means a merge to some.
 */
export function printYaml(value: object, {header, notes = [], oneLine = 0}: Layout = {}): string {
  const document = new Document(value, {
    version: '1.1',
    // `yaml` knows no quotes for what it takes for a merge, also where it is a value.
    customTags: tags => tags.filter(tag => tag !== 'merge' && (typeof tag === 'string' || tag.tag !== mergeTag)),
    aliasDuplicateObjects: false,
  })
  visit(document, {
    Scalar: (key, node) => {
      if (typeof node.value === 'number') mustBePlainNumber(node.value)
      if (typeof node.value !== 'string') return
      if (key === 'key' && node.value === '<<') throw new TypeError('a key `<<` means a merge to some readers of YAML')
      mustBePrintable(node.value, '\n')
      if (node.value.includes('\n')) node.type = Scalar.BLOCK_LITERAL
      else if (!plain.test(node.value)) node.type = Scalar.QUOTE_DOUBLE
    },
    Collection: (_, node) => {
      const members = node.items.flatMap(item => (isPair(item) ? [item.value] : [item]))
      const isLeaf = members.every(member => !isCollection(member))
      if (isLeaf && JSON.stringify(node.toJSON()).length <= oneLine) node.flow = true
    },
  })
  if (header !== undefined) document.commentBefore = comment(header)
  for (const note of notes) annotate(document, note)
  return document.toString({lineWidth: 0, flowCollectionPadding: false})
}

function annotate(document: Document, {at, above, beside, apart}: Note): void {
  const parent = document.getIn(at.slice(0, -1), true)
  const last = at.at(-1)
  const pair = isMap(parent)
    ? (parent.items.find(item => isScalar(item.key) && item.key.value === last) as Pair<Scalar, Node> | undefined)
    : undefined
  const head = pair?.key ?? (isSeq(parent) ? (parent.items[Number(last)] as Node | undefined) : undefined)
  const tail = pair?.value ?? head
  if (head === undefined || tail === undefined) throw new TypeError(`nothing stands at ${at.join('.')}`)
  if (above !== undefined) head.commentBefore = comment(above)
  if (beside !== undefined) tail.comment = comment(beside)
  if (apart) head.spaceBefore = true
}

/** Each line with a space in front, which stands behind the `#`; one that is nothing else is a `#` alone. */
function comment(text: string): string {
  mustBePrintable(text, '\n')
  return text.replace(/^/gm, ' ')
}

/** YAML 1.1 wants a point in whatever has an exponent. */
function mustBePlainNumber(number: number): void {
  if (!/^-?\d+(\.\d+)?$/.test(String(number)))
    throw new TypeError(`${number} is no number that every reader of YAML takes for one`)
}

function mustBePrintable(text: string, allowed: string): void {
  const stray = strayCharacter(text, allowed)
  if (stray !== null) throw new TypeError(`${stray} cannot stand in a YAML file: ${JSON.stringify(text)}`)
}
