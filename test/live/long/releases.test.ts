/** Each release but the usual one, which all other live tests run on: raised from nothing, broken, and judged by its own words. */
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {Docker} from '../../../lab/engine/docker.ts'
import type {Report} from '../../../lab/judge/report.ts'
import {type ReleaseName, releases} from '../../../lab/topology/release.ts'
import {expectExit, expectStatus} from '../cli.ts'

const others: Readonly<Partial<Record<ReleaseName, Readonly<Record<string, RegExp>>>>> = {
  bookworm: {postgres: /^15\./, patroni: /^3\.0\./, etcd: /^3\.4\./, haproxy: /^2\.6\./},
  forky: {postgres: /^18\./, patroni: /^4\.1\./, etcd: /^3\.5\./, haproxy: /^3\.2\./},
}

describe.each(Object.entries(others))('%s', (release, versions) => {
  const name = `live-${release}`
  const lab = ['--name', name]

  beforeAll(async () => {
    await expectExit(0, ['down', ...lab])
    await expectExit(0, ['up', ...lab, '--release', release, '--profile', 'fast'])
  })
  afterAll(() => expectExit(0, ['down', ...lab]))

  test('is healthy, with one leader from which the others stream', async () => {
    const {leader, members} = JSON.parse((await expectStatus([...lab, '--json'])).out) as {
      leader: string
      members: {host: string; state: string}[]
    }
    for (const {host, state} of members)
      expect([host, state]).toEqual([host, host === leader ? 'running' : 'streaming'])
  })

  test('is raised again by its name alone, from the image that it has', async () => {
    const {out} = await expectExit(0, ['up', ...lab, '--json'])
    expect(JSON.parse(out)).toMatchObject({how: 'already'})
    const images = (await new Docker().containers(name))
      .filter(one => one.host.startsWith('node'))
      .map(one => one.image)
    expect(images).toHaveLength(3)
    for (const image of images) expect(image).toMatch(new RegExp(`^pgha-lab/host:${release}-`))
  })

  test.each(['kill-leader', 'switchover'])('passes %s, and the report says on what', async scenario => {
    const {out} = await expectExit(0, ['chaos', scenario, ...lab, '--json'])
    const report = JSON.parse(out) as Report
    expect(report.findings.filter(one => one.verdict !== 'pass').map(one => [one.expectation, one.says])).toEqual([])
    for (const [what, version] of Object.entries(versions)) expect(report.versions[what], what).toMatch(version)
    expect(report.versions.packages).toContain(`${releases[release as ReleaseName].serverPackage} `)
  })

  test('fails what is not true of it, for the right reason', async () => {
    const {out} = await expectExit(1, ['chaos', 'kill-leader', ...lab, '--within', '5s', '--json'])
    const report = JSON.parse(out) as Report
    expect(report.verdict).toBe('fail')
    expect(report.findings.filter(one => one.verdict !== 'pass').map(one => [one.expectation, one.says])).toEqual([
      [expect.stringContaining('writes at-most 5s'), expect.any(String)],
    ])
  })
})
