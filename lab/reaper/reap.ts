/** What a reaper does when nobody holds it any more: everything that carries the labels goes, by the engine's own API. */
import {request} from 'node:http'
import {text as whole} from 'node:stream/consumers'
import {setTimeout} from 'node:timers/promises'
import type {ReaperOrders} from './orders.ts'

/** Of looks that find nothing, one after the other: a `docker compose` that has outlived its parent may still be making hosts. */
const emptyLooks = 3
const mostLooks = 120

/** @throws Error when the engine does not answer, or refuses. */
export async function ask(socketPath: string, method: string, path: string): Promise<unknown> {
  // Node 20 has no `Promise.withResolvers`.
  const [code, type, text] = await new Promise<readonly [number, string, string]>((resolve, reject) => {
    const asked = request({socketPath, method, path, timeout: 30_000}, async answer => {
      try {
        resolve([answer.statusCode ?? 0, answer.headers['content-type'] ?? '', await whole(answer)])
      } catch (error) {
        reject(error)
      }
    })
    asked.on('timeout', () => asked.destroy(new Error('the engine does not answer')))
    asked.on('error', reject)
    asked.end()
  })
  if (code >= 400) throw new Error(`${method} ${path}: ${code} ${text.trim()}`)
  return type.startsWith('application/json') && text !== '' ? JSON.parse(text) : text
}

/** Ends when nothing more of it is there, or after two minutes and more. @param pauseMs between two looks. */
export async function reap(socketPath: string, orders: ReaperOrders, pauseMs = 1000): Promise<void> {
  await setTimeout(orders.graceMs)
  let empty = 0
  for (let look = 0; empty < emptyLooks && look < mostLooks; look++) {
    empty = (await removed(socketPath, orders).catch(complain)) === 0 ? empty + 1 : 0
    await setTimeout(pauseMs)
  }
}

/** How many things were there. What the engine does not remove this time, it is asked to remove the next time. */
async function removed(socketPath: string, {labels, reaper}: ReaperOrders): Promise<number> {
  const filters = encodeURIComponent(JSON.stringify({label: labels}))
  const list = (path: string) => ask(socketPath, 'GET', path)
  const remove = (path: string) => ask(socketPath, 'DELETE', path).catch(complain)
  const containers = (await list(`/containers/json?all=1&filters=${filters}`)) as Container[]
  const others = containers.filter(one => one.Labels?.[reaper] === undefined)
  await Promise.all(others.map(one => remove(`/containers/${one.Id}?force=1&v=1`)))
  const networks = (await list(`/networks?filters=${filters}`)) as {readonly Id: string}[]
  for (const {Id} of networks) await remove(`/networks/${Id}`)
  const {Volumes} = (await list(`/volumes?filters=${filters}`)) as {readonly Volumes?: {readonly Name: string}[] | null}
  for (const {Name} of Volumes ?? []) await remove(`/volumes/${encodeURIComponent(Name)}?force=1`)
  return others.length + networks.length + (Volumes ?? []).length
}

interface Container {
  readonly Id: string
  readonly Labels?: Readonly<Record<string, string>> | null
}

function complain(error: unknown): void {
  console.error(error instanceof Error ? error.message : error)
}
