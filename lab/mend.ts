/** Does what a Mend says. Idempotent: mending what is whole changes nothing. */
import type {Mend} from './event.ts'
import type {Lab} from './lab.ts'

export async function mend(lab: Lab, undo: Mend): Promise<void> {
  switch (undo.do) {
    case 'start-host': {
      const container = await lab.container(undo.host)
      await lab.docker.start(container.id)
      return
    }
    default:
      undo.do satisfies never
  }
}

export function describe(undo: Mend): string {
  return `start ${undo.host} again`
}
