/** What has become of the light load of `watch`, in words. */
import type {LoadTold} from '../../lab/index.ts'
import {count} from './format.ts'

export function sayLoad({state, says, lost}: LoadTold): string {
  const what = sayState(state, says)
  if (lost === 0) return what
  return `${what}; ${lost === null ? 'what was lost is not read yet' : `${count(lost)} acknowledged writes are LOST`}`
}

function sayState(state: LoadTold['state'], says: string | null): string {
  switch (state) {
    case 'begins':
      return 'the load begins'
    case 'on':
      return 'a light load'
    case 'waits':
      return `the load waits for ${says}`
    case 'off':
      return `no load, it is tried again: ${says}`
  }
}
