/** How an answer is given, which is told before anybody in the lab is asked. */
import {type Form, factForms} from './facts.ts'
import type {Source} from './lesson.ts'
import {runValueForms} from './run-values.ts'

/** null: what a query says decides. */
export function formOf(source: Source): Form | null {
  switch (source.from) {
    case 'lab':
      return factForms[source.fact]
    case 'run':
      return runValueForms[source.of]
    case 'model':
      return 'seconds'
    case 'lesson':
      return 'count'
    case 'query':
      return null
  }
}

export function isNumber(form: Form): boolean {
  return form === 'seconds' || form === 'count' || form === 'bytes'
}
