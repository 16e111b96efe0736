/** The lab that a lesson needs: there and healthy, or raised where the learner says so. */
import {loadLab} from '../../lab/inside/kept.ts'
import {
  Docker,
  fits,
  health,
  type Lab,
  type Lesson,
  openLab,
  raising,
  reply,
  type Stage,
  yesIn,
} from '../../lab/inside/workshop.ts'

interface Wanted {
  readonly name: string
  /** Of a lab that is raised for a lesson which does not say. */
  readonly profile: string
}

/** @throws Left when the learner leaves; LabError when the lab cannot be looked at. */
export async function labFor(lesson: Lesson, stage: Stage, {name, profile}: Wanted): Promise<Lab | null> {
  if (lesson.lab === null) return null
  const heading = `${lesson.title}  the lab`
  const up = ['up', ...raising(lesson.lab, profile)]
  for (;;) {
    const saved = loadLab(name)
    if (saved === undefined) {
      const says =
        'This lesson is played on a lab: real servers in containers on this machine. This raises it, within a minute or two:'
      stage.show({heading, caption: 'the lab', paragraphs: [says], commands: [up]})
      if (await agreed(stage, 'yes: raise it here | Enter: I have raised it')) await stage.perform(up)
    } else if (!fits(lesson, saved.topology)) {
      const says = `This lesson needs another lab than ${name}. The first of these removes ${name} (its recorded runs stay), the second raises the one that is needed:`
      const both = [['down'], up]
      stage.show({heading, caption: 'another lab', paragraphs: [says], commands: both})
      if (await agreed(stage, 'yes: do both here | Enter: I have done it')) {
        // What could not be removed is in the way of the next one.
        for (const one of both) if ((await stage.perform(one)) !== 0) break
      }
    } else {
      const lab = openLab(new Docker(), name)
      const {healthy, complaints} = await health(lab)
      if (healthy) return lab
      await lab[Symbol.asyncDispose]()
      const says = `Lab ${name} is not healthy: ${complaints[0] ?? ''}. This mends it:`
      stage.show({heading, caption: 'not healthy', paragraphs: [says], commands: [['heal']]})
      if (await agreed(stage, 'yes: mend it here | Enter: look again')) await stage.perform(['heal'])
    }
  }
}

async function agreed(stage: Stage, prompt: string): Promise<boolean> {
  for (;;) {
    const said = await reply(stage, prompt)
    if (said === '') return false
    const meant = said === 'run' ? true : yesIn(said)
    if (meant === true) return true
    stage.tell(
      meant === false
        ? 'Without the lab the lesson cannot begin: `quit` leaves, and your place is kept.'
        : 'Answer yes, or press Enter.',
    )
  }
}
