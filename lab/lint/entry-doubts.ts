/** What the entry of a lab does whoever leads, of which the times of a failover say nothing. */

import {answering} from '../haproxy/check.ts'
import type {HaproxySettings} from '../topology/topology.ts'

/** Each a sentence. */
export function entryDoubts({checkPrimary = '/primary', checkTls = false}: HaproxySettings): readonly string[] {
  const anywhere = `haproxy.check_primary is ${checkPrimary}: no entry asks who leads: writers may be led anywhere, and these times say nothing of that.`
  const never = 'no server is ever up, nobody can write, and these times are as if clients could.'
  if (checkPrimary === 'none' || checkPrimary === 'tcp') return [anywhere]
  if (checkTls) return [`haproxy.check_tls is on, and the REST API of a lab has no TLS: ${never}`]
  const who = answering({method: 'OPTIONS', path: checkPrimary})
  if (who === 'nobody')
    return [`haproxy.check_primary is ${checkPrimary}, which Patroni answers with 503 always: ${never}`]
  return who === 'primary' || who === 'leader' ? [] : [anywhere]
}
