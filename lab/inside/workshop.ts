/** What the command line has of the workshop. */
export {health} from '../cluster/health.ts'
export {Docker} from '../engine/docker.ts'
export type {Lab} from '../engine/lab.ts'
export {openLab} from '../state/open.ts'
export {loadTopology} from '../topology/topology-file.ts'
export {yesIn} from '../workshop/answers.ts'
export {teach} from '../workshop/course.ts'
export {lessonCalled, loadLessons} from '../workshop/index.ts'
export type {Lesson} from '../workshop/lesson.ts'
export {
  begin,
  type Figure,
  forgetProgress,
  type Kept,
  keepLesson,
  keptOf,
  loadProgress,
  type Progress,
} from '../workshop/progress.ts'
export {reply} from '../workshop/prompt.ts'
export {fits, raising, siteOf} from '../workshop/site.ts'
export {Left, type Page, type Stage} from '../workshop/stage.ts'
