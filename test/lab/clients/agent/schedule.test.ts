import {describe, expect, it} from 'vitest'
import {Schedule, shifted} from '../../../../lab/clients/agent/schedule.ts'

describe('an open-loop schedule', () => {
  it('tells each slot once', () => {
    const schedule = new Schedule(1000, 100)
    expect(schedule.take(999)).toBe(0)
    expect(schedule.take(1000)).toBe(1)
    expect(schedule.take(1000)).toBe(0)
    expect(schedule.take(1099)).toBe(0)
    expect(schedule.take(1100)).toBe(1)
  })

  it('counts every slot of a stall and keeps its phase after it', () => {
    const schedule = new Schedule(0, 100)
    expect(schedule.take(1050)).toBe(11)
    expect(schedule.nextMicros).toBe(1100)
  })

  it('does not lose slots to a period that is no whole number', () => {
    const schedule = new Schedule(0, 1e6 / 3)
    let slots = 0
    for (let now = 0; now < 60e6; now += 777) slots += schedule.take(now)
    expect(slots).toBe(180)
  })
})

describe('the schedules of a group of clients', () => {
  it('make the asked rate together, evenly spread', () => {
    const schedules = shifted(8, 200, 5000)
    expect(schedules.map(one => one.nextMicros - 5000)).toEqual([0, 5000, 10000, 15000, 20000, 25000, 30000, 35000])
    let slots = 0
    for (let now = 5000; now < 1_005_000; now += 1000) for (const one of schedules) slots += one.take(now)
    expect(slots).toBe(200)
  })
})
