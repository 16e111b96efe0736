/**
 * The program of a reaper's container. Who raised the lab holds its stdin open; when that ends, however it does, the lab goes. It runs with the
 * Node of Debian in the image of the clients.
 */
import {once} from 'node:events'
import {type ReaperOrders, ready, socketInside} from './orders.ts'
import {ask, reap} from './reap.ts'

const orders = JSON.parse(process.argv.at(-1) ?? '') as ReaperOrders
const released = once(process.stdin.resume(), 'close')
await ask(socketInside, 'GET', '/_ping')
console.log(ready)
await released
await reap(socketInside, orders)
