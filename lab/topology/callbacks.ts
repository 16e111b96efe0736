/** Callbacks of Patroni that are files of somebody's own: read where a lab.yaml names them, and run on each host of the lab. */
import {readFileSync, statSync} from 'node:fs'
import {basename, resolve} from 'node:path'
import {z} from 'zod'
import {line} from '../words/plain-text.ts'
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

/** As a file of ours has them. */
export const callbacksSchema = z.partialRecord(
  z.enum(callbackNames),
  z.strictObject({file: z.string().max(255), text: z.string().max(65_536)}),
)
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
    const found = textOf(resolve(folder, path))
    if (!('text' in found)) {
      tell(name, `${path}: ${found.says}`)
      return []
    }
    return [[name, {file: basename(path), text: found.text}]]
  })
  return Object.fromEntries(read)
}

function textOf(path: string): {readonly text: string} | {readonly says: string} {
  try {
    const about = statSync(path)
    if (!about.isFile()) return {says: 'this is no file'}
    if (about.size > most) return {says: 'a callback has at most 64 kB'}
    const text = new TextDecoder('utf-8', {fatal: true}).decode(readFileSync(path))
    if (text.includes('\0')) return {says: 'a callback is a text, a script'}
    return text.startsWith('#!/') ? {text} : {says: 'a callback begins with #! and what runs it, such as #!/bin/sh'}
  } catch (error) {
    if (error instanceof TypeError) return {says: 'a callback is a text in UTF-8'}
    const {code} = error as NodeJS.ErrnoException
    return {says: code === 'ENOENT' ? 'there is no such file' : `this cannot be read (${code ?? 'unknown'})`}
  }
}

/** One program for one occasion. */
export function callbackMistakes({callbacks = {}, standIns = []}: Pick<Topology, 'callbacks' | 'standIns'>) {
  const both = callbackNames.find(name => callbacks[name] !== undefined && standIns.includes(name))
  return both === undefined
    ? []
    : [{path: ['patroni', 'callbacks', both], says: `${both} has a stand-in as well, in stand_ins: say one of them`}]
}
