/** The keys that each program reads: of Patroni by the section in which they stand (docs/yaml_configuration.rst, validator.py of 4.1.4). */

const postgresql = [
  ...[
    'authentication',
    'callbacks',
    'connect_address',
    'proxy_address',
    'create_replica_methods',
    'data_dir',
    'config_dir',
  ],
  ...[
    'bin_dir',
    'bin_name',
    'listen',
    'use_unix_socket',
    'use_unix_socket_repl',
    'pgpass',
    'recovery_conf',
    'custom_conf',
  ],
  ...[
    'parameters',
    'parameters_primary',
    'parameters_replica',
    'parameters_standby_leader',
    'pg_hba',
    'pg_hba_primary',
  ],
  ...[
    'pg_hba_replica',
    'pg_hba_standby_leader',
    'pg_ident',
    'pg_ident_primary',
    'pg_ident_replica',
    'pg_ident_standby_leader',
  ],
  ...['pg_ctl_timeout', 'use_pg_rewind', 'rewind', 'use_slots', 'remove_data_directory_on_rewind_failure'],
  ...['remove_data_directory_on_diverged_timelines', 'pre_promote', 'before_stop', 'basebackup', 'name', 'database'],
  // Its own methods, and what older releases called otherwise (their rule is patroni/old-name).
  ...['wal_e', 'wal_g', 'pgbackrest', 'barman', 'create_replica_method'],
] as const

/** What earlier releases called otherwise, and still works. */
export const oldKeys: Readonly<Record<string, string>> = {
  create_replica_method: 'create_replica_methods',
  master_start_timeout: 'primary_start_timeout',
  master_stop_timeout: 'primary_stop_timeout',
}

/** What nobody should be led to. */
export const removedKeys: readonly string[] = ['users']

/** What the whole cluster has, in bootstrap.dcs and then in the DCS. */
export const dynamicKeys: readonly string[] = [
  ...[
    'ttl',
    'loop_wait',
    'retry_timeout',
    'maximum_lag_on_failover',
    'maximum_lag_on_syncnode',
    'max_timelines_history',
  ],
  ...[
    'primary_start_timeout',
    'primary_stop_timeout',
    'primary_race_backoff',
    'synchronous_mode',
    'synchronous_mode_strict',
  ],
  ...[
    'synchronous_node_count',
    'failsafe_mode',
    'postgresql',
    'standby_cluster',
    'member_slots_ttl',
    'slots',
    'ignore_slots',
  ],
  ...['check_timeline', 'pause', 'tags'],
  ...['master_start_timeout', 'master_stop_timeout'],
]

export const predefinedTags: readonly string[] = [
  ...[
    'nofailover',
    'failover_priority',
    'noloadbalance',
    'clonefrom',
    'replicatefrom',
    'nosync',
    'sync_priority',
    'nostream',
  ],
]

/** By the path of the section; the file itself is the empty one. */
export const knownKeys: Readonly<Record<string, readonly string[]>> = {
  '': [
    ...[
      'name',
      'namespace',
      'scope',
      'thread_pool_size',
      'thread_stack_size',
      'log',
      'ctl',
      'restapi',
      'bootstrap',
      'consul',
    ],
    ...['etcd', 'etcd3', 'exhibitor', 'raft', 'zookeeper', 'kubernetes', 'citus', 'postgresql', 'watchdog', 'tags'],
  ],
  restapi: [
    ...['listen', 'connect_address', 'authentication', 'certfile', 'keyfile', 'keyfile_password', 'cafile', 'ciphers'],
    ...['verify_client', 'allowlist', 'allowlist_include_members', 'http_extra_headers', 'https_extra_headers', 'auth'],
    ...['request_queue_size', 'server_tokens', 'thread_pool_size'],
  ],
  bootstrap: [
    ...[
      'dcs',
      'initdb',
      'method',
      'pg_hba',
      'post_bootstrap',
      'post_init',
      'users',
      'initdb_args',
      'keep_existing_recovery_conf',
    ],
  ],
  'bootstrap.dcs': dynamicKeys,
  'bootstrap.dcs.postgresql': postgresql,
  postgresql,
  'postgresql.authentication': ['superuser', 'replication', 'rewind'],
  'postgresql.callbacks': ['on_reload', 'on_restart', 'on_role_change', 'on_start', 'on_stop'],
  watchdog: ['mode', 'device', 'safety_margin', 'driver'],
  etcd: etcd(),
  etcd3: etcd(),
}

function etcd(): readonly string[] {
  return [
    ...[
      'host',
      'hosts',
      'use_proxies',
      'url',
      'proxy',
      'srv',
      'srv_suffix',
      'protocol',
      'username',
      'password',
      'cacert',
      'cert',
    ],
    'key',
  ]
}

/** doc/config.md of PgBouncer 1.25. */
export const pgbouncerKeys: readonly string[] = [
  ...['admin_users', 'application_name_add_host', 'auth_dbname', 'auth_file', 'auth_hba_file'],
  ...['auth_ident_file', 'auth_ldap_options', 'auth_query', 'auth_type', 'auth_user', 'autodb_idle_timeout'],
  ...['cancel_wait_timeout', 'client_idle_timeout', 'client_login_timeout', 'client_tls13_ciphers'],
  ...['client_tls_ca_file', 'client_tls_cert_file', 'client_tls_ciphers', 'client_tls_dheparams'],
  ...['client_tls_ecdhcurve', 'client_tls_key_file', 'client_tls_protocols', 'client_tls_sslmode'],
  ...['conffile', 'default_pool_size', 'disable_pqexec', 'dns_max_ttl', 'dns_nxdomain_ttl'],
  ...['dns_zone_check_period', 'idle_transaction_timeout', 'ignore_startup_parameters', 'job_name'],
  ...['listen_addr', 'listen_backlog', 'listen_port', 'log_connections', 'log_disconnections'],
  ...['log_pooler_errors', 'log_stats', 'logfile', 'login_notify_message', 'max_client_conn'],
  ...['max_db_client_connections', 'max_db_connections', 'max_packet_size', 'max_prepared_statements'],
  ...['max_user_client_connections', 'max_user_connections', 'min_pool_size', 'peer_id', 'pidfile'],
  ...['pkt_buf', 'pool_mode', 'pool_idle_timeout', 'query_timeout', 'query_wait_notify'],
  ...['query_wait_timeout', 'reserve_pool_size', 'reserve_pool_timeout', 'resolv_conf', 'sbuf_loopcnt'],
  ...['scram_iterations', 'server_check_delay', 'server_check_query', 'server_connect_timeout'],
  ...['server_fast_close', 'server_idle_timeout', 'server_lifetime', 'server_login_retry'],
  ...['server_reset_query', 'server_reset_query_always', 'server_round_robin', 'server_tls13_ciphers'],
  ...['server_tls_ca_file', 'server_tls_cert_file', 'server_tls_ciphers', 'server_tls_key_file'],
  ...['server_tls_protocols', 'server_tls_sslmode', 'service_name', 'so_reuseport', 'stats_period'],
  ...['stats_users', 'suspend_timeout', 'syslog', 'syslog_facility', 'syslog_ident', 'tcp_defer_accept'],
  ...['tcp_keepalive', 'tcp_keepcnt', 'tcp_keepidle', 'tcp_keepintvl', 'tcp_socket_buffer'],
  ...['tcp_user_timeout', 'track_extra_parameters', 'transaction_timeout', 'unix_socket_dir'],
  ...['unix_socket_group', 'unix_socket_mode', 'user', 'verbose'],
]

/** Flags of etcd 3.5 and 3.6 (server/etcdmain/help.go), without families of which each release has others. */
export const etcdKeys: readonly string[] = [
  ...['name', 'data-dir', 'wal-dir', 'snapshot-count', 'heartbeat-interval', 'election-timeout'],
  ...['initial-election-tick-advance', 'listen-peer-urls', 'listen-client-urls', 'listen-client-http-urls'],
  ...['max-snapshots', 'max-wals', 'quota-backend-bytes', 'backend-bbolt-freelist-type'],
  ...['backend-batch-interval', 'backend-batch-limit', 'max-txn-ops', 'max-request-bytes'],
  ...['max-concurrent-streams', 'enable-grpc-gateway', 'socket-reuse-port', 'socket-reuse-address'],
  ...['raft-read-timeout', 'raft-write-timeout', 'initial-advertise-peer-urls', 'initial-cluster'],
  ...['initial-cluster-state', 'initial-cluster-token', 'advertise-client-urls', 'strict-reconfig-check'],
  ...['pre-vote', 'auto-compaction-retention', 'auto-compaction-mode', 'enable-v2', 'cert-file', 'key-file'],
  ...['client-cert-auth', 'client-cert-file', 'client-key-file', 'client-crl-file'],
  ...['client-cert-allowed-hostname', 'trusted-ca-file', 'auto-tls', 'peer-cert-file', 'peer-key-file'],
  ...['peer-client-cert-auth', 'peer-trusted-ca-file', 'peer-cert-allowed-cn', 'peer-cert-allowed-hostname'],
  ...['peer-auto-tls', 'peer-client-cert-file', 'peer-client-key-file', 'self-signed-cert-validity'],
  ...['peer-crl-file', 'cipher-suites', 'cors', 'host-whitelist', 'tls-min-version', 'tls-max-version'],
  ...['auth-token', 'bcrypt-cost', 'auth-token-ttl', 'enable-pprof', 'metrics', 'listen-metrics-urls'],
  ...['logger', 'debug', 'ca-file', 'peer-ca-file', 'feature-gates', 'max-learners', 'memory-mlock'],
  ...['force-new-cluster', 'unsafe-no-fsync', 'client-transport-security', 'peer-transport-security'],
  ...['config-file', 'corrupt-check-time', 'compact-hash-check-time', 'compaction-batch-limit'],
  ...['compaction-sleep-interval', 'snapshot-catchup-entries', 'watch-progress-notify-interval'],
  ...['downgrade-check-time', 'warning-apply-duration', 'warning-unary-request-duration'],
  ...['enable-distributed-tracing', 'bootstrap-defrag-threshold-megabytes'],
  ...['peer-skip-client-san-verification', 'stop-grpc-service-on-defrag'],
]
