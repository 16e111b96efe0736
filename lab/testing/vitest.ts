/**
 * `import 'pgha-lab/vitest'` in a test, or in `setupFiles`, gives vitest's `expect` what stands in `matchers.ts`.
 * Only whoever imports this needs vitest.
 */
import {expect} from 'vitest'
import {matchers, type RunMatchers} from './matchers.ts'

declare module 'vitest' {
  interface Matchers<R, T> extends RunMatchers<R> {}
}

expect.extend(matchers)

export * from './matchers.ts'
