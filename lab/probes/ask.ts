/** One HTTP question on 127.0.0.1, with an end in time. */
import http from 'node:http'

export interface Answer {
  readonly code: number
  readonly body: string
}

export interface Question {
  readonly method?: 'GET' | 'POST'
  readonly body?: string
  /** false: a connection of its own, closed after the answer. */
  readonly agent: http.Agent | false
  readonly withinMs: number
  readonly signal: AbortSignal
}

/**
 * Resolves with the whole answer; rejects when there is none in time. docker-proxy accepts for services that are not
 * there and hangs up, so "no answer" comes as a refused, a reset or an ended connection.
 */
export function ask(url: string, {method = 'GET', body, agent, withinMs, signal}: Question): Promise<Answer> {
  const {promise, resolve, reject} = Promise.withResolvers<Answer>()
  const request = http.request(url, {method, agent, signal}, response => {
    const chunks: Buffer[] = []
    response.on('data', chunk => chunks.push(chunk))
    response.on('end', () => resolve({code: response.statusCode ?? 0, body: Buffer.concat(chunks).toString()}))
    response.on('error', reject)
  })
  // Of the whole exchange, not of the silence within it: a server that drips must not hold a probe.
  const timer = setTimeout(() => request.destroy(new Error(`no answer within ${withinMs} ms`)), withinMs)
  request.on('error', reject)
  request.on('close', () => {
    clearTimeout(timer)
    reject(new Error('the connection ended before the answer')) // no effect after an answer
  })
  request.end(body)
  return promise
}
