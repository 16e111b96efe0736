/** What `workshop` does: lists, forgets, certifies, and plays lesson after lesson. */
import {existsSync} from 'node:fs'
import {LabError, next, type OwnCommand, onLab, ownCommand, sentence} from '../../lab/inside/start.ts'
import {
  begin,
  forgetProgress,
  type Kept,
  keepLesson,
  keptOf,
  Left,
  type Lesson,
  lessonCalled,
  loadLessons,
  loadProgress,
  loadTopology,
  type Progress,
  reply,
  siteOf,
  teach,
} from '../../lab/inside/workshop.ts'
import {spoken, spokenNext} from '../called-as.ts'
import type {WorkshopOptions} from '../commands/workshop.ts'
import {type Interrupt, onInterrupt} from '../interrupt.ts'
import {printJson} from '../options.ts'
import {print, tell} from '../output.ts'
import {renderCertificate} from '../render/certificate.ts'
import {type PageLook, renderList, stateOf} from '../render/workshop.ts'
import {textOptions} from '../text-options.ts'
import {runHere} from './child.ts'
import {labFor} from './lab-for.ts'
import {LineStage} from './line-stage.ts'

export function listLessons({name: lab, lessons: folder, json}: WorkshopOptions): void {
  const [lessons, progress] = [loadLessons(folder), loadProgress()]
  if (!json) {
    print(renderList(lessons, progress.lessons))
    print(`\n${spokenNext(onLab(lab, 'workshop'))}\n`)
    return
  }
  printJson(
    lessons.map(({name, title, about, minutes, lab, parts}) => {
      const kept = keptOf(progress, name)
      return {
        ...{name, title, about, minutes, lab, pages: parts.length},
        ...{at: kept?.at ?? 0, startedAt: kept?.startedAt ?? null, finishedAt: kept?.finishedAt ?? null},
      }
    }),
  )
}

export function resetLessons(written: string | undefined, {lessons: folder}: WorkshopOptions): void {
  const name = written === undefined ? undefined : lessonCalled(written, loadLessons(folder)).name
  const what = name === undefined ? 'all lessons' : `lesson ${name}`
  print(
    forgetProgress(name) ? `how far you were in ${what} is forgotten\n` : `there was nothing to forget of ${what}\n`,
  )
}

export async function writeCertificate(file: string, {name, lessons: folder, learner}: WorkshopOptions): Promise<void> {
  const [lessons, progress] = [loadLessons(folder), loadProgress()]
  if (lessons.every(one => keptOf(progress, one.name)?.finishedAt == null))
    throw new LabError('usage', 'no lesson is finished yet, so there is nothing to certify', {
      hint: onLab(name, 'workshop'),
    })
  const {writeOut} = await import('../write-out.ts')
  const page = renderCertificate({learner: learner ?? null, lessons: certified(lessons, progress), now: new Date()})
  writeOut(page, file, 'name a file in a folder of yours with --certificate')
  tell(`wrote ${file}\n`)
}

function certified(lessons: readonly Lesson[], progress: Progress) {
  return lessons.map(lesson => ({
    title: lesson.title,
    about: lesson.about,
    kept: keptOf(progress, lesson.name) ?? null,
  }))
}

export async function playLessons(written: string | undefined, options: WorkshopOptions): Promise<void> {
  const lessons = loadLessons(options.lessons)
  const only = written === undefined ? undefined : lessonCalled(written, lessons)
  using interrupt = onInterrupt({
    first: 'leaving: what runs is ended well, and your place is kept ...',
    second: spoken(sentence`once more leaves at once; \`${onLab(options.name, 'heal')}\` mends what is broken`),
  })
  const text = await textOptions()
  const look = (): PageLook => ({
    ...text,
    ...{width: process.stdout.columns ?? text.width, rows: process.stdout.rows},
    present: options.present === true,
  })
  const own = await ownFor(options.name)
  using stage = new LineStage({
    ...{look, own, signal: interrupt.signal},
    run: words => runHere(words, interrupt.signal),
    async presentRun(scenario, pause) {
      const {presentRun} = await import('./present-run.ts')
      return presentRun({lab: options.name, scenario, signal: interrupt.signal, pause})
    },
  })
  let lesson = only ?? current(lessons, loadProgress())
  try {
    if (lesson === undefined) return await finish(stage, lessons, options)
    for (;;) {
      await playLesson(lesson, lessons, stage, options)
      if (only !== undefined) {
        print(`\n${spokenNext(onLab(options.name, 'workshop'))}\n`)
        return
      }
      lesson = current(lessons, loadProgress())
      if (lesson === undefined) return await finish(stage, lessons, options)
      stage.tell(`The next one is "${lesson.title}", about ${lesson.minutes} minutes: ${lesson.about}`)
      await reply(stage, 'Enter goes on | quit')
    }
  } catch (error) {
    if (!(error instanceof Left)) throw error
    left(error, lesson, interrupt, {lab: options.name, named: only !== undefined})
  }
}

/** The first that is not finished. */
function current(lessons: readonly Lesson[], progress: Progress): Lesson | undefined {
  return lessons.find(one => keptOf(progress, one.name)?.finishedAt == null)
}

async function playLesson(
  lesson: Lesson,
  lessons: readonly Lesson[],
  stage: LineStage,
  options: WorkshopOptions,
): Promise<void> {
  const {name, profile} = options
  const found = keptOf(loadProgress(), lesson.name)
  const isSame = found?.digest === lesson.digest && found.at < lesson.parts.length
  const kept: Kept = isSame ? found : begin(lesson.digest)
  const number = lessons.indexOf(lesson) + 1
  const resumed = isSame && kept.at > 0
  stage.show({
    heading: `Lesson ${number} of ${lessons.length}`,
    caption: lesson.title,
    paragraphs: [
      lesson.title.toUpperCase(),
      lesson.about,
      resumed
        ? `You stopped at page ${kept.at + 1} of ${lesson.parts.length}, and go on there.`
        : `${lesson.parts.length} pages, about ${lesson.minutes} minutes. At every prompt: \`hint\`, \`skip\`, \`again\` for the page once more, \`quit\`. Your place is kept.`,
    ],
  })
  await reply(stage, 'Enter goes on | quit')
  const lab = await labFor(lesson, stage, {name, profile})
  await using _ = lab
  const topology = lab?.topology ?? loadTopology({})
  const site = siteOf(lab, name, topology)
  await teach({lesson, site, stage, keep: now => void keepLesson(lesson.name, now)}, kept)
  stage.tell(`Lesson "${lesson.title}" is done. ${lesson.about}`)
}

/** All are done. */
async function finish(stage: LineStage, lessons: readonly Lesson[], options: WorkshopOptions): Promise<void> {
  const file = ['certificate.html', 'pgha-lab-certificate.html'].find(one => !existsSync(one))
  stage.tell(`All ${lessons.length} lessons are done.`)
  if (file === undefined) {
    print(`${spokenNext(onLab(options.name, 'workshop', '--certificate', 'mine.html'))}\n`)
    return
  }
  const said = await reply(stage, 'your name for the certificate | Enter: without one')
  await writeCertificate(file, {...options, ...(said === '' ? {} : {learner: said})})
}

/** How somebody left decides the exit code; what to type to go on is said in any case. */
function left(
  {how}: Left,
  lesson: Lesson | undefined,
  interrupt: Interrupt,
  {lab, named}: {readonly lab: string; readonly named: boolean},
): void {
  const kept = lesson && keptOf(loadProgress(), lesson.name)
  const reached = lesson && (kept ? `${lesson.title}, ${stateOf(lesson, kept)}` : `${lesson.title} comes next`)
  const place = `your place is kept: ${reached ?? 'all lessons are done'}`
  const again = named && lesson !== undefined ? onLab(lab, 'workshop', lesson.name) : onLab(lab, 'workshop')
  if (how === 'quit') {
    print(`\n${place}\n${spokenNext(again)}\n`)
    return
  }
  const says = how === 'ended' ? `the answers ended before the lesson did; ${place}` : place
  const error = new LabError('interrupted', says, {hint: next`to go on: ${again}`})
  process.exitCode = interrupt.code() ?? error.exitCode
  throw error
}

/** A command about a lab names it; one that knows no lab has no --name. */
async function ownFor(lab: string): Promise<(words: readonly string[]) => OwnCommand> {
  const {commandLine} = await import('../program.ts')
  const {commands} = commandLine()
  return words => {
    const named = commands.find(one => one.name() === words[0])
    return named?.options.some(one => one.long === '--name') === true ? onLab(lab, ...words) : ownCommand(...words)
  }
}
