/** Callbacks of Patroni that are files of somebody's own: read where a lab.yaml names them, and run on each host of the lab. */
import {readFileSync, statSync} from 'node:fs'
import {basename, resolve} from 'node:path'
import {z} from 'zod'
import {line} from '../words/schemas.ts'
import type {Topology} from './topology.ts'

/** Patroni 4.0, postgresql.callbacks. */
export const callbackNames = ['on_reload', 'on_restart', 'on_role_change', 'on_start', 'on_stop'] as const
export type CallbackName = (typeof callbackNames)[number]

/** What a lab.yaml says: a path, from its own folder. */
export const callbackSetting = z.strictObject(
  Object.fromEntries(callbackNames.map(name => [name, line.optional()])) as Record<
    CallbackName,
    z.ZodOptional<typeof line>
  >,
)

/** As a file of ours has one: what it was called, and its text. */
export const programSchema = z.strictObject({file: z.string().max(255), text: z.string().max(65_536)})
export type Program = z.output<typeof programSchema>
export const callbacksSchema = z.partialRecord(z.enum(callbackNames), programSchema)
export type Callbacks = z.output<typeof callbacksSchema>

const most = 65_536

/** @param tell told of what is no such file, with the key in question. */
export function readCallbacks(
  written: {readonly [name in CallbackName]?: string | undefined},
  folder: string,
  tell: (name: CallbackName, says: string) => void,
): Callbacks {
  const read = callbackNames.flatMap((name): [CallbackName, {file: string; text: string}][] => {
    const path = written[name]
    if (path === undefined) return []
    const found = readProgram(path, folder)
    if (!('text' in found)) {
      tell(name, found.says)
      return []
    }
    return [[name, found]]
  })
  return Object.fromEntries(read)
}

/** @returns what is wrong with it in words when it is none. */
export function readProgram(path: string, folder: string): Program | {readonly says: string} {
  const read = textOf(resolve(folder, path))
  return 'text' in read ? {file: basename(path), text: read.text} : {says: `${path}: ${read.says}`}
}

function textOf(path: string): {readonly text: string} | {readonly says: string} {
  try {
    const about = statSync(path)
    if (!about.isFile()) return {says: 'this is no file'}
    if (about.size > most) return {says: 'such a program has at most 64 kB'}
    const text = new TextDecoder('utf-8', {fatal: true}).decode(readFileSync(path))
    if (text.includes('\0')) return {says: 'such a program is a text, a script'}
    return text.startsWith('#!/') ? {text} : {says: 'it begins with #! and what runs it, such as #!/bin/sh'}
  } catch (error) {
    if (error instanceof TypeError) return {says: 'such a program is a text in UTF-8'}
    const {code} = error as NodeJS.ErrnoException
    return {says: code === 'ENOENT' ? 'there is no such file' : `this cannot be read (${code ?? 'unknown'})`}
  }
}

/** One program for one occasion. */
export function callbackMistakes({
  callbacks = {},
  postBootstrap,
  standIns = [],
}: Pick<Topology, 'callbacks' | 'postBootstrap' | 'standIns'>) {
  const both = callbackNames.filter(name => callbacks[name] !== undefined && standIns.includes(name))
  const says = (name: string) => `${name} has a stand-in as well, in stand_ins: say one of them`
  return [
    ...both.slice(0, 1).map(name => ({path: ['patroni', 'callbacks', name], says: says(name)})),
    ...(postBootstrap !== undefined && standIns.includes('post_bootstrap')
      ? [{path: ['patroni', 'post_bootstrap'], says: says('post_bootstrap')}]
      : []),
  ]
}
