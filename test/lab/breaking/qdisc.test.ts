import {expect, test} from 'vitest'
import {pinged, pingsToSee, qdisc, qdiscKind, slowScript} from '../../../lab/breaking/qdisc.ts'

test('a bandwidth alone is a token bucket, with the burst that its timers need', () => {
  expect(qdisc({bandwidth: 5_000_000})).toBe('tbf rate 5000000bit burst 8192b latency 400ms')
  expect(qdisc({bandwidth: 1_000_000_000})).toBe('tbf rate 1000000000bit burst 1250000b latency 400ms')
})

test('delay, jitter and loss are netem, which limits the bandwidth as well', () => {
  expect(qdisc({delayMs: 100, jitterMs: 20})).toBe('netem limit 10000 delay 100ms 20ms')
  expect(qdisc({lossPercent: 1, bandwidth: 5_000_000})).toBe('netem limit 10000 delay 0ms loss 1% rate 5000000bit')
  expect([qdiscKind({bandwidth: 1}), qdiscKind({bandwidth: 1, delayMs: 1}), qdiscKind({lossPercent: 1})]).toEqual([
    'tbf',
    'netem',
    'netem',
  ])
})

test("our queue is added under our handle, and nobody else's is replaced", () => {
  expect(slowScript({bandwidth: 5_000_000})).toContain(' root handle 9e0: tbf')
})

test('where the kernel has no netem a program delays and loses, and only for that reason; the bandwidth stays a token bucket', () => {
  const script = slowScript({delayMs: 100, jitterMs: 20, lossPercent: 1, bandwidth: 5_000_000})
  expect(script).toContain('root handle 9e0: netem limit 10000 delay 100ms 20ms loss 1% rate 5000000bit')
  expect(script).toContain('*\'qdisc kind is unknown\'*) ;; *) echo "$said" >&2; exit 1 ;;')
  expect(script).toMatch(/\nslow-network "\$interface" 100 20 1 &&\n.* root handle 9e0: tbf rate 5000000bit/)
  expect(slowScript({lossPercent: 1})).toMatch(/\nslow-network "\$interface" 0 0 1$/)
  expect(slowScript({bandwidth: 5_000_000})).not.toContain('slow-network')
})

test("ping's summary is read, also when nothing came back", () => {
  const said = `PING 10.213.7.12 (10.213.7.12) 56(84) bytes of data.

--- 10.213.7.12 ping statistics ---
5 packets transmitted, 4 received, 20% packet loss, time 24ms
rtt min/avg/max/mdev = 0.040/0.052/0.071/0.011 ms`
  expect(pinged(said)).toEqual({sent: 5, received: 4, averageMs: 0.052})
  expect(pinged('5 packets transmitted, 0 received, 100% packet loss, time 8ms')).toEqual({
    sent: 5,
    received: 0,
    averageMs: null,
  })
  expect(() => pinged('ping: unknown host')).toThrow('unknown host')
})

test('so many pings are sent that a loss is missed once in a thousand times', () => {
  expect([pingsToSee(1), pingsToSee(50), pingsToSee(100)]).toEqual([688, 10, 5])
  for (const percent of [0.5, 1, 5, 30]) expect((1 - percent / 100) ** pingsToSee(percent)).toBeLessThanOrEqual(0.001)
})
