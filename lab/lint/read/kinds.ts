/** Whose configuration a file can be; `show-config` is the output of patronictl. */
export const kinds = ['patroni', 'show-config', 'haproxy', 'etcd', 'pgbouncer', 'keepalived', 'systemd'] as const
export type Kind = (typeof kinds)[number]
