/** What leads from a client to the database: in the clear, or in TLS to a server that proves to be it. */
import {readFileSync} from 'node:fs'
import {Socket} from 'node:net'
import {ServerTls} from '../../observer/tls.ts'
import type {AgentConfig} from './protocol.ts'

export type ServerSocket = Socket | ServerTls

/** Not connected yet. @throws the system's error where the CA's certificate cannot be read. */
export function socketTo({caFile}: Pick<AgentConfig, 'caFile'>, allowHalfOpen = false): ServerSocket {
  return caFile === undefined ? new Socket({allowHalfOpen}) : new ServerTls({ca: readFileSync(caFile, 'utf8')})
}
