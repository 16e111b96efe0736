/** The host loses power: SIGKILL of its container, so nothing on it says goodbye. Mended by starting it again. */
import {setTimeout as sleep} from 'node:timers/promises'
import {z} from 'zod'
import type {Fault} from '../unit.ts'

export const kill: Fault<{what: 'host'}> = {
  about: 'SIGKILL: a host loses power',
  params: z.strictObject({what: z.enum(['host'], {error: '`what` must be host'})}),

  async inject({lab, hosts, mend, broke, proof, signal}) {
    for (const host of hosts) {
      const {id} = await lab.container(host)
      await mend({do: 'start-host', host})
      await broke(() => lab.docker.kill(id))

      // The engine answers when the signal is sent, not when the last process is gone.
      const deadline = performance.now() + 5000
      let running = true
      while (running && performance.now() < deadline && !signal.aborted) {
        running = await lab.docker.isRunning(id)
        if (running) await sleep(20)
      }
      proof(!running, running ? `${host} still runs 5 s after SIGKILL` : `the engine says that ${host} is not running`)
    }
  },
}
