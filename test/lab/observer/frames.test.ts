import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {encode, type Frame, FrameReader, frameBytes} from '../../../lab/observer/frames.ts'

const id = fc.integer({min: 0, max: 0xffffffff})
const text = fc.string({unit: 'grapheme-ascii', maxLength: 60})
const frame: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({kind: fc.constant('open' as const), id, to: text}),
  fc.record({kind: fc.constant('close' as const), id, code: text}),
  fc.record({
    kind: fc.constant('data' as const),
    id,
    bytes: fc.uint8Array({maxLength: 3000}).map(bytes => Buffer.from(bytes)),
  }),
  fc.record({kind: fc.constant('taken' as const), id, count: id}),
  fc.record({kind: fc.constantFrom('opened' as const, 'end' as const, 'ping' as const, 'pong' as const), id}),
)

/** Cut at any places. */
function* pieces(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  let at = 0
  for (const size of sizes) {
    yield bytes.subarray(at, at + size)
    at += size
  }
  yield bytes.subarray(at)
}

describe('frames', () => {
  test('are read as they were written, wherever the stream is cut', () => {
    const sizes = fc.array(fc.integer({min: 0, max: 40}), {maxLength: 200})
    fc.assert(
      fc.property(fc.array(frame, {maxLength: 12}), sizes, (frames, cuts) => {
        const reader = new FrameReader()
        const read = [...pieces(Buffer.concat(frames.map(encode)), cuts)].flatMap(piece => reader.push(piece))
        expect(read).toEqual(frames)
      }),
    )
  })

  test('any other bytes are read or refused, and never kept in heaps', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({maxLength: 500}), {maxLength: 20}), chunks => {
        const reader = new FrameReader()
        let fed = 0
        let read = 0
        try {
          for (const chunk of chunks) {
            fed += chunk.length
            for (const one of reader.push(Buffer.from(chunk))) read += encode(one).length
          }
          // What is neither read nor refused is the beginning of one frame.
          expect(fed - read).toBeLessThan(7 + frameBytes)
        } catch (error) {
          expect((error as Error).message).toMatch(/^no frame: /)
        }
      }),
      {numRuns: 1000},
    )
  })

  test('a length beyond the limit is refused before its bytes are waited for', () => {
    const bytes = Buffer.from([2, 0, 0, 0, 1, 0xff, 0xff])
    expect(() => new FrameReader().push(bytes)).toThrow(/no frame/)
    expect(() => encode({kind: 'data', id: 1, bytes: Buffer.alloc(frameBytes + 1)})).toThrow(RangeError)
  })
})
