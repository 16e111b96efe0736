/** What leads from a client to the database: in the clear, or in TLS to a server that proves to be it. */
import {readFileSync} from 'node:fs'
import {Socket} from 'node:net'
import {ServerTls} from '../../observer/tls.ts'
import type {AgentConfig} from './protocol.ts'

export type ServerSocket = Socket | ServerTls

/** Whom to believe that it is the database: as text, or in a file. Neither: it is spoken to in the clear. */
export interface Believed extends Pick<AgentConfig, 'caFile'> {
  readonly ca?: string | undefined
}

/** Not connected yet. @throws the system's error where the CA's certificate cannot be read. */
export function socketTo({ca, caFile}: Believed, allowHalfOpen = false): ServerSocket {
  const authority = ca ?? (caFile === undefined ? undefined : readFileSync(caFile, 'utf8'))
  return authority === undefined ? new Socket({allowHalfOpen}) : new ServerTls({ca: authority})
}
