/** A question: asked until it is answered rightly or passed over, each wrong answer with its reason and a hint. */
import {LabError} from '../words/errors.ts'
import {nextWord} from '../words/next-step.ts'
import {forms, type Judged, judgeAnswer, judgeChoice, letters} from './answers.ts'
import {formOf} from './forms.ts'
import type {Ask, Source} from './lesson.ts'
import type {Kept, Said} from './progress.ts'
import {hintAt, type Place, reply} from './prompt.ts'
import {truthOf} from './site.ts'
import type {Truth} from './truth.ts'

/** After so many wrong answers in a row the right one is said. */
const mostAlone = 3

export async function answered(part: Ask, place: Place): Promise<Kept> {
  const {stage, heading} = place
  const {answer} = part
  const show = () =>
    stage.show({
      ...{heading, caption: 'question', paragraphs: [part.asks]},
      ...(answer.kind === 'choices' ? {choices: answer.choices.map(one => one.says)} : {}),
    })
  show()
  let [wrong, hints] = [0, 0]
  for (;;) {
    const said = await reply(stage, `${promptOf(part)} | hint | skip`)
    if (said === 'again') show()
    else if (said === 'hint') stage.tell(hintAt(part.hints, hints++))
    else if (said === 'skip') {
      const truth = await solution(part, place)
      stage.tell(truth)
      return remembered(place, {asks: part.asks, said: '', right: false, wrong, hints, number: null, truth})
    } else {
      const judged = await judgedNow(part, said, place)
      if (judged.verdict === 'right') {
        stage.tell(answer.kind === 'choices' ? `Right. ${judged.says}` : `Right: ${judged.says}`)
        if (part.why !== null) stage.tell(part.why)
        return remembered(place, {
          asks: part.asks,
          said,
          right: true,
          wrong,
          hints,
          number: judged.number,
          truth: judged.says,
        })
      }
      if (judged.verdict === 'unread') stage.tell(judged.says)
      else {
        wrong++
        stage.tell(`Not so. ${judged.says}`)
        if (part.wrong !== null) stage.tell(part.wrong)
        if (part.hints.length > 0) stage.tell(hintAt(part.hints, hints++))
        if (wrong >= mostAlone) stage.tell(await solution(part, place))
      }
    }
  }
}

function remembered({kept, index}: Place, said: Said): Kept {
  return {...kept, answers: {...kept.answers, [index]: said}}
}

/** The lab is asked now, whenever that is: somebody may have gone away for an hour in between. */
async function judgedNow({answer}: Ask, said: string, place: Place): Promise<Judged> {
  if (answer.kind === 'choices') return judgeChoice(said, answer.choices)
  const truth = await told(answer.source, place)
  return typeof truth === 'string'
    ? {verdict: 'unread', says: truth, number: null}
    : judgeAnswer(said, truth, answer.withinPercent ?? exactly(answer.source), place.site.hosts)
}

/** What the lab has set is read from it, not guessed; a time that was predicted or measured may be a little off. */
function exactly({from}: Source): number | null {
  return from === 'lab' ? 0 : null
}

async function solution({answer}: Ask, place: Place): Promise<string> {
  if (answer.kind === 'choices') {
    const index = answer.choices.findIndex(one => one.right)
    return `It is ${letters[index] ?? ''}. ${answer.choices[index]?.why ?? ''}`
  }
  const truth = await told(answer.source, place)
  return typeof truth === 'string' ? truth : `To be told: ${truth.says}.`
}

/** A string says why nobody can tell, and what to do about it. */
async function told(source: Source, {site, kept}: Place): Promise<Truth | string> {
  try {
    return await truthOf(source, site, new Date(kept.startedAt))
  } catch (error) {
    if (!(error instanceof LabError)) throw error
    return `That cannot be told right now: ${error.message}.${error.hint === undefined ? '' : ` ${nextWord} ${error.hint}`}`
  }
}

/** Before the lab was asked, so that the prompt gives nothing away. */
function promptOf({answer}: Ask): string {
  if (answer.kind === 'choices') return `a to ${letters[answer.choices.length - 1]}`
  const form = formOf(answer.source)
  return form === null ? 'your answer' : forms[form]
}
