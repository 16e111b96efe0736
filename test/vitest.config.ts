import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {defineConfig} from 'vitest/config'
import {BaseSequencer, type TestSpecification} from 'vitest/node'

const root = join(import.meta.dirname, '..')

/** Whose tests change nothing of the process they are in (test/layers.test.ts looks): they can share one. */
export const sharing = [
  'test/*.test.ts',
  'test/lab/{breaking,budget,checks,faults,haproxy,import,judge,lint,observer,scenario,storm,topology,words}/**/*.test.ts',
  'test/lab/clients/**/!(agent|own-runtime|psycopg-agent|table).test.ts',
  'test/lab/cluster/!(health-parts|shell).test.ts',
  'test/lab/engine/!(boundless|context|named|ssh).test.ts',
  'test/lab/healing/!(heal).test.ts',
  'test/lab/history/!(read-events).test.ts',
  'test/lab/probes/!(down|engine-clock|last-refresh|room|watch*).test.ts',
  'test/lab/run/{attention,first-checks,needs-refused,recovery,repeat,settled,steps}.test.ts',
  'test/lab/setup/!(doctor).test.ts',
  'test/lab/suite/!(child|seat-process|simulate).test.ts',
  'test/lab/testing/matchers.test.ts',
  'test/lab/workshop/!(every-answer|progress).test.ts',
  'test/{compose,units}/*.test.ts',
  'test/docs/!(answers|ci-templates|commands|next-steps|workshop).test.ts',
  'test/images/!(etcd-in-turn).test.ts',
  'test/cli/{their-arguments,text-options,wrap,storm-request,step-pause}.test.ts',
  'test/cli/{build,render}/*.test.{ts,tsx}',
  'test/cli/suite/{here,render}.test.ts',
  'test/cli/ui/!(*.browser|contrast|color|watch-colors|watch-honest|watch-pictures).test.{ts,tsx}',
]
const elsewhere = ['test/live/**', 'test/**/*.browser.test.ts']

/**
 * Those that take the longest: they begin first, or one worker waits in the end while the other plays the longest. On a clean clone
 * Vitest knows no durations and goes by the size of the files. Those that share a process come together, behind the others: it ends
 * when something else comes next, and what it has read with it.
 */
const long = [
  ...[
    'cli/dead-engine',
    'docs/commands',
    'cli/render/stranger',
    'lab/judge/mutations',
    'lab/judge/mutations-more',
    'lab/judge/a-little-late',
    'lab/judge/histories',
  ],
  ...['live/scenarios', 'live/topologies', 'live/readme', 'live/interrupt', 'live/workshop'],
]

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({moduleId}: TestSpecification) => {
      const index = long.findIndex(name => moduleId.includes(`/test/${name}.test.ts`))
      return index === -1 ? long.length : index
    }
    const shares = ({project}: TestSpecification) => Number(!project.config.isolate)
    return (await super.sort(files)).toSorted((a, b) => shares(a) - shares(b) || rank(a) - rank(b))
  }
}

const unit = {
  root,
  setupFiles: ['test/property-seed.ts', 'test/plain-events.ts'],
  testTimeout: 20_000,
  env: {
    // Programs that tests start from the sources: else Node strips and compiles the same files for each of them.
    NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache'),
    // As cli/main.ts has it: the build of React that people run, which is also the faster one.
    NODE_ENV: 'production',
  },
}

/**
 * What Node loads as it is, as it does for people, where no test puts something else in a module's place. Vitest's own loader makes every
 * use of an imported name a call, with which judging takes a third longer; but it knows whom a change concerns, so `npm run loop` has that.
 */
const folders = ['lab', 'compose', 'cli/render', 'test/lab', 'test/compose', 'test/cli/render', 'test/recorded-runs.ts']
const asTheyAre = new RegExp(
  `^${root.replaceAll(/[^\w/]/g, '\\$&')}/(${folders.join('|')})(/.*)?(?<!\\.test)(?<=\\.ts)$`,
)
const external = process.env.LOOP === undefined ? [asTheyAre] : []

const oxc = {jsx: {runtime: 'automatic', development: false}} as const

export default defineConfig({
  test: {
    root,
    maxWorkers: '100%', // one core left free would be half of the smallest machine
    // A flaky test is a finding: nothing here is tried twice.
    retry: 0,
    sequence: {sequencer: LongestFirst},
    projects: [
      {
        oxc,
        test: {
          ...unit,
          name: 'unit',
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: [...elsewhere, ...sharing],
        },
      },
      {
        oxc,
        // To start a process and load the same modules for each file would take longer than most of these tests.
        test: {
          ...unit,
          name: 'unit-shared',
          include: sharing,
          exclude: elsewhere,
          isolate: false,
          server: {deps: {external}},
        },
      },
      {
        test: {
          name: 'browser',
          root,
          include: ['test/**/*.browser.test.ts'],
          globalSetup: ['test/browser.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'live',
          root,
          include: ['test/live/*.test.ts'],
          // Two labs at once, as a suite has them on two cores: what the machine does to their times is in their records
          // (live/beside.ts), and a run that waits for another one takes the time of both.
          maxWorkers: 2,
          env: {LABS_AT_ONCE: '2'},
          testTimeout: 600_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'long',
          root,
          include: ['test/live/long/*.test.ts'],
          fileParallelism: false,
          testTimeout: 1_800_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
})
