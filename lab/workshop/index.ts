/** The lessons that come with pgha-lab: one file each, in the order of the numbers before their names. */
import {readdirSync} from 'node:fs'
import {join} from 'node:path'
import {suggestion} from '../words/did-you-mean.ts'
import {LabError} from '../words/errors.ts'
import {next, ownCommand} from '../words/next-step.ts'
import {packageRoot} from '../words/package-root.ts'
import {readText} from '../words/read-text.ts'
import type {Lesson} from './lesson.ts'
import {parseLesson} from './parse.ts'

const ours = join(packageRoot, 'scenarios', 'workshop')

/**
 * All lessons of a folder, in order.
 * @throws LabError `config` with file:line:column of what is wrong in any of them, `usage` where there is none.
 */
export function loadLessons(folder: string = ours): readonly Lesson[] {
  const files = filesIn(folder)
  if (files.length === 0)
    throw new LabError('usage', `${folder} has no lessons`, {hint: 'a lesson is a file such as 01-parts.yaml'})
  const lessons = files.map(file => parseLesson(file, readText(file, 'lesson')))
  const twice = lessons.find((one, index) => lessons.findIndex(other => other.name === one.name) !== index)
  if (twice !== undefined)
    throw new LabError('config', `${folder} has two lessons called ${twice.name}`, {hint: 'rename one of the files'})
  return lessons
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter(file => /\.ya?ml$/.test(file))
      .sort()
      .map(file => join(folder, file))
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? ''))
      throw new LabError('usage', `${folder} is no folder of lessons`, {cause: error})
    throw error
  }
}

/** By its name, or its number from 1. @throws LabError `usage` with the nearest name. */
export function lessonCalled(written: string, lessons: readonly Lesson[]): Lesson {
  const found = /^\d{1,3}$/.test(written) ? lessons[Number(written) - 1] : lessons.find(one => one.name === written)
  if (found !== undefined) return found
  const names = lessons.map(one => one.name)
  const says = /^\d+$/.test(written)
    ? `there is no lesson ${written}: there are ${lessons.length}`
    : `there is no lesson \`${written}\`${suggestion(written, names)}`
  throw new LabError('usage', says, {hint: next`to list them: ${ownCommand('workshop', '--list')}`})
}
