/** Parameters as a person may write them: every form that changes what a fault does. */
export const forms: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>> = {
  kill: ['host', 'patroni', 'postgres', 'etcd', 'haproxy', 'backend'].map(what => ({what})),
  stop: ['host', 'patroni', 'postgres', 'etcd', 'haproxy'].map(what => ({what})),
  pause: ['host', 'patroni', 'postgres', 'etcd', 'haproxy'].map(what => ({what})),
  partition: [
    {},
    {how: 'reject'},
    {ways: 'in'},
    ...[['etcd'], ['etcd', 'etcd-peer'], ['replication'], ['patroni', 'etcd']].map(services => ({services})),
  ],
  overload: [{cpus: 0.2}],
  slow: [{delay: '20ms'}],
  'set-config': [{config: {ttl: 30}}],
  'set-tags': [{tags: {nofailover: true}}],
  'skew-clock': [{by: '+60s'}],
}
