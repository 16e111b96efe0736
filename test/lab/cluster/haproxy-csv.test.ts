import {describe, expect, it} from 'vitest'
import {parseHaproxyCsv, takesTraffic} from '../../../lab/cluster/haproxy-csv.ts'

const csv = `# pxname,svname,scur,status,weight,type,check_status,check_code,check_duration,last_chk,
primary,FRONTEND,8,OPEN,,0,,,,,
primary,node1,8,UP,1,2,L7OK,200,2,HTTP status check returned code <200>,
primary,node2,0,DOWN,1,2,* L7STS,503,1,"a comma, and a ""quote""",
primary,node3,0,UP 1/2,1,2,L4TOUT,,1001,,
primary,BACKEND,8,UP,1,1,,,,,
replicas,node2,0,no check,1,2,,,,,

`

describe("HAProxy's statistics", () => {
  it('are read by the names of the columns, servers only', () => {
    expect(parseHaproxyCsv(csv)).toEqual([
      {proxy: 'primary', server: 'node1', status: 'UP', check: 'L7OK 200 2ms'},
      {proxy: 'primary', server: 'node2', status: 'DOWN', check: 'L7STS 503 1ms'},
      {proxy: 'primary', server: 'node3', status: 'UP 1/2', check: 'L4TOUT 1001ms'},
      {proxy: 'replicas', server: 'node2', status: 'no check', check: ''},
    ])
  })

  it('are not taken from a page that is something else', () => {
    expect(() => parseHaproxyCsv('<html>sorry</html>')).toThrow('no column pxname')
    expect(() => parseHaproxyCsv('')).toThrow('no column')
  })

  it('a quoted field keeps the columns after it in place', () => {
    const quoted =
      '# pxname,last_chk,svname,status,type,check_status,check_code,check_duration\nreplicas,"x, ""y"", z",node1,MAINT,2,,,\n'
    expect(parseHaproxyCsv(quoted)).toEqual([{proxy: 'replicas', server: 'node1', status: 'MAINT', check: ''}])
  })
})

it('a server gets connections while it goes down, and not yet while it comes up', () => {
  expect(['UP', 'UP 1/3', 'no check'].map(takesTraffic)).toEqual([true, true, true])
  expect(['DOWN', 'DOWN 1/2', 'MAINT', 'NOLB', 'DRAIN', ''].map(takesTraffic)).toEqual([
    false,
    false,
    false,
    false,
    false,
    false,
  ])
})
