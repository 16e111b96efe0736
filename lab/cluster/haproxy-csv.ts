/** HAProxy's statistics as CSV (management guide, 9.1 "CSV format"): what we need of each server's line. */
interface ServerLine {
  readonly proxy: string
  readonly server: string
  readonly status: string
  /** Last health check: status, code and duration, e.g. 'L7STS 503 2ms'. */
  readonly check: string
}

/**
 * Whether HAProxy sends connections to a server in this state: 'UP', 'UP 1/2' (going down), and 'no check', which counts as up
 * (management guide, 9.1, field 17).
 */
export function takesTraffic(status: string): boolean {
  return status.startsWith('UP') || status === 'no check'
}

/** Servers only, not the sums of frontends and backends. Throws when it is not HAProxy's CSV. */
export function parseHaproxyCsv(csv: string): ServerLine[] {
  const lines = csv.split('\n').filter(line => line !== '')
  const names = lines[0]?.replace(/^# /, '').split(',') ?? []
  const column = (name: string) => {
    const index = names.indexOf(name)
    if (index < 0) throw new Error(`HAProxy's statistics have no column ${name}`)
    return index
  }
  const [proxy, server, status, type] = ['pxname', 'svname', 'status', 'type'].map(column) as [
    number,
    number,
    number,
    number,
  ]
  const [checkStatus, checkCode, checkDuration] = ['check_status', 'check_code', 'check_duration'].map(column) as [
    number,
    number,
    number,
  ]
  return lines.slice(1).flatMap(line => {
    const fields = cells(line)
    if (fields[type] !== '2') return []
    return {
      proxy: fields[proxy] ?? '',
      server: fields[server] ?? '',
      status: fields[status] ?? '',
      check: [
        fields[checkStatus]?.replace(/^\* /, ''), // '* ' while a check is under way
        fields[checkCode],
        fields[checkDuration] ? `${fields[checkDuration]}ms` : '',
      ]
        .filter(part => part !== '' && part !== undefined)
        .join(' '),
    }
  })
}

/** Fields may be in double quotes, which are doubled inside (last_chk has free text). */
function cells(line: string): string[] {
  if (!line.includes('"')) return line.split(',')
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
  )
}
