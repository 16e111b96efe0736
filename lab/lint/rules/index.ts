/** All rules, in the order of the page about them. */
import type {Rule} from '../rule.ts'
import {clusterRules} from './cluster.ts'
import {clusterMembers} from './cluster-members.ts'
import {etcdRules} from './etcd.ts'
import {etcdTls} from './etcd-tls.ts'
import {fileRules} from './file.ts'
import {haproxyRules} from './haproxy.ts'
import {haproxyChecks} from './haproxy-checks.ts'
import {haproxyValues} from './haproxy-values.ts'
import {haproxyWords} from './haproxy-words.ts'
import {keepalivedRules} from './keepalived.ts'
import {keepalivedHears} from './keepalived-hears.ts'
import {patroniHba} from './patroni-hba.ts'
import {patroniKeys} from './patroni-keys.ts'
import {patroniMembers} from './patroni-members.ts'
import {patroniTimings} from './patroni-timings.ts'
import {patroniValues} from './patroni-values.ts'
import {pgbouncerRules} from './pgbouncer.ts'
import {systemdRules} from './systemd.ts'

export const rules: readonly Rule[] = [
  ...fileRules,
  ...patroniTimings,
  ...patroniValues,
  ...patroniKeys,
  ...patroniMembers,
  ...patroniHba,
  ...systemdRules,
  ...haproxyChecks,
  ...haproxyRules,
  ...haproxyWords,
  ...haproxyValues,
  ...etcdRules,
  ...etcdTls,
  ...keepalivedRules,
  ...keepalivedHears,
  ...pgbouncerRules,
  ...clusterMembers,
  ...clusterRules,
]
