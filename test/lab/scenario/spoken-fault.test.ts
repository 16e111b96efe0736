import {expect, test} from 'vitest'
import {faults} from '../../../lab/faults/index.ts'
import {loadScenario, type Step, scenarioNames} from '../../../lab/scenario/index.ts'
import {faultWords, faultWordsThatFollow, spokenFault} from '../../../lab/scenario/spoken-fault.ts'
import {LabError} from '../../../lab/words/errors.ts'

type Inject = Extract<Step, {do: 'inject'}>

const steps = scenarioNames()
  .flatMap(name => loadScenario(name).steps)
  .filter((step): step is Inject => step.do === 'inject')

test('every fault of our scenarios is read from its words as it stands in the file', () => {
  expect(steps.length).toBeGreaterThan(80)
  for (const step of steps) {
    const words = faultWords(step)
    expect(spokenFault(words), words.join(' ')).toEqual({
      ...{fault: step.fault, on: [step.on].flat(), params: step.params},
    })
  }
})

test('a person writes it as it is said: whom with commas, or with the word and', () => {
  expect(spokenFault('kill host on leader'.split(' '))).toEqual({fault: 'kill', on: ['leader'], params: {what: 'host'}})
  const both = {fault: 'kill', on: ['node1', 'node2'], params: {what: 'etcd', 'stays-down': true, limit: '30s'}}
  expect(spokenFault('kill etcd on node1,node2 stays-down=true limit=30s'.split(' '))).toEqual(both)
  expect(spokenFault('kill etcd on node1 and node2 stays-down=true limit=30s'.split(' '))).toEqual(both)
  expect(spokenFault(['pause-cluster'])).toEqual({fault: 'pause-cluster', on: undefined, params: {}})
  expect(spokenFault(['partition', 'on', 'leader', 'from=[node2, node3]']).params).toEqual({from: ['node2', 'node3']})
})

test.each([
  [[], 'say what is to be broken, such as kill host on leader'],
  [['kil', 'host'], 'there is no fault `kil`, did you mean `kill`?'],
  [['toString'], /^there is no fault `toString`/],
  [['kill', 'host', 'on'], '`on` names whom, such as leader, replica or node1'],
  [['kill', 'host', 'leader'], '`leader` cannot stand there in kill; whom it is done to stands behind `on`'],
  [['partition', 'from', 'on', 'leader'], '`from` cannot stand there in partition; write it as from=...'],
  [['kill', 'etcd', 'on', 'leader', 'limt=3s'], 'kill takes no `limt`, did you mean `limit`?'],
  [['kill', 'etcd', 'on', 'leader', 'limit=3s', 'limit=4s'], '`limit` is said twice'],
  [['kill', 'etcd', 'on', 'leader', 'limit=3s', 'now'], /^`now` stands behind a parameter, and is none/],
  [['partition', 'on', 'leader', 'from=[a'], /^the value of `from=\[a` cannot be read: /],
  [['kill', '__proto__=1'], /^kill takes no `__proto__`/],
  [['kill\u001b[2J'], /^there is no fault `kill[^\u001b]*$/],
])('%j is refused in a sentence', (words, says) => {
  const read = () => spokenFault(words)
  expect(read).toThrow(LabError)
  expect(read).toThrow(says)
})

test('what takes data away for good says so, and what only stops something does not', () => {
  const destroying = Object.entries(faults).filter(([, fault]) => fault.destroys !== undefined)
  expect(destroying.map(([name]) => name).toSorted()).toEqual(
    ['demote-cluster', 'lose-etcd-data', 'promote', 'reinit', 'remove-host', 'truncate-table'].toSorted(),
  )
  expect(faults.reinit!.destroys!({refused: true, force: false})).toBeNull()
})

test('a shell is told the words that may follow', () => {
  expect(faultWordsThatFollow([])).toEqual(Object.keys(faults))
  expect(faultWordsThatFollow(['kill', 'etcd'])).toEqual(['on', 'stays-down=', 'limit='])
  expect(faultWordsThatFollow(['kill', 'etcd', 'on'])).toContain('etcd-leader')
  expect(faultWordsThatFollow(['kill', 'etcd', 'on', 'leader', 'limit=3s'])).toEqual(['stays-down='])
  expect(faultWordsThatFollow(['nothing-like-it'])).toEqual([])
})
