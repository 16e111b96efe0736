/**
 * Changes of one host's own Patroni configuration. Patroni is started with a folder: it reads `patroni.yml` and then what lies
 * over it (`config.py: _load_config_path`), and reads them again on SIGHUP, within one loop. The folder is made anew
 * whenever the host starts.
 */
import type {HostName} from '../topology/topology.ts'
import {type Still, stillReads} from './lasting.ts'

/** In the order in which Patroni reads them: after patroni.yml. */
type Overlay = 'replay' | 'tags'

const fileOf = (overlay: Overlay) => `/run/pgha-lab/patroni/${overlay}.yml`
const reload = 's6-svc -h /run/service/patroni'

/** A script for a host: lays this over its configuration. JSON is YAML, and it has no line breaks. */
export function layOver(overlay: Overlay, config: unknown): string {
  return `cat > ${fileOf(overlay)} <<'PGHA_LAB_END'\n${JSON.stringify(config)}\nPGHA_LAB_END\n${reload}`
}

/** Nobody else has taken it off or written it anew. */
export function stillOver(host: HostName, overlay: Overlay, config: unknown): Still {
  return stillReads(host, fileOf(overlay), JSON.stringify(config), `what was laid over the configuration of Patroni`)
}

/** A script for a host: takes it off again; what is not there costs nothing. */
export function takeOff(overlay: Overlay): string {
  return `if [ -e ${fileOf(overlay)} ]; then rm -f ${fileOf(overlay)} && ${reload}; fi`
}
