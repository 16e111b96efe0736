/** The program that the observer runs: a relay between each command that comes to it and the lab. */
import {createServer} from 'node:net'
import {mayReachVariable, relayPort} from './observer-container.ts'
import {relay} from './relay.ts'

const mayReach = new Set((process.env[mayReachVariable] ?? '').split(' '))

createServer({allowHalfOpen: true, noDelay: true}, async socket => {
  try {
    await relay(socket, socket, mayReach)
  } catch (error) {
    console.error((error as Error).message)
  } finally {
    socket.destroy()
  }
}).listen(relayPort, '127.0.0.1')
