/** A certificate's lessons: one finished with a figure, one begun, one not begun; a name and a question that would be markup. */
import type {Kept} from '../../../lab/workshop/progress.ts'

const kept: Kept = {
  ...{digest: 'a', at: 9, shownAt: null, before: {}, skipped: 1},
  ...{startedAt: '2026-11-28T09:00:00.000Z', finishedAt: '2026-11-28T09:12:00.000Z'},
  answers: {
    '1': {asks: 'Who leads?', said: 'node1', right: true, wrong: 0, hints: 0, number: null, truth: 'node1 leads.'},
    '3': {asks: 'How long?', said: '25 s', right: true, wrong: 2, hints: 1, number: 25, truth: 'so long.'},
    '5': {asks: 'Which?', said: '', right: false, wrong: 0, hints: 0, number: null, truth: 'a.'},
  },
  figures: [
    {
      ...{what: 'For how long will clients be unable to write, in seconds?', said: '25 s', predicted: [19, 24.95]},
      ...{measured: '22.56 s', run: '20261128T090500Z-kill-leader'},
    },
    {what: 'Who leads <next>?', said: null, predicted: null, measured: 'node3', run: '20261128T090500Z-kill-leader'},
  ],
}

export const certified = {
  learner: 'Ada <b>L.</b>',
  now: new Date('2026-11-28T10:00:00Z'),
  lessons: [
    {title: 'A host is lost', about: 'Explain why a lost leader costs 20 to 40 seconds.', kept},
    {
      title: 'etcd and its quorum',
      about: 'Say how many members may be lost.',
      kept: {...kept, at: 2, finishedAt: null, figures: [], answers: {}, skipped: 0},
    },
    {title: 'Proxies', about: 'Say how HAProxy finds the leader.', kept: null},
  ],
}
