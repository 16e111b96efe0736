/** HAProxy's configuration (HAProxy 3.0): writes on one port, reads on another, Patroni's REST API says who gets them. */
import {type Allocation, hostsWith, servicePorts, type Topology} from '../lab/topology.ts'

const {postgres, patroni} = servicePorts.patroni
const {primary, replicas, stats} = servicePorts.haproxy

export function haproxy(topology: Topology, allocation: Allocation): string {
  const {interMs, fastinterMs, downinterMs, fall, rise, connectTimeoutMs, checkTimeoutMs} = topology.haproxy
  const servers = hostsWith(topology, 'patroni')
    .map(host => `    server ${host} ${allocation.addresses[host]}:${postgres} check port ${patroni}`)
    .join('\n')
  return `\
global
    log stdout format iso local0
    maxconn 2000
    user haproxy
    group haproxy
    stats socket /run/haproxy/admin.sock mode 660 level admin

defaults
    mode tcp
    log global
    option tcplog
    option dontlog-normal     # sessions that went wrong
    option log-health-checks  # each change of a server's health, with the check's result and duration

    # A client that meets a dead server which is not yet marked down is sent on to another one after a short wait.
    retries 2
    option redispatch 1
    timeout connect ${connectTimeoutMs}ms
    timeout client 30m
    timeout server 30m
    timeout check ${checkTimeoutMs}ms

    # inter: pause between checks of a healthy server, fastinter: while its state changes, downinter: while it is down.
    # A freshly started HAProxy takes every server for healthy until its first check.
    default-server inter ${interMs}ms fastinter ${fastinterMs}ms downinter ${downinterMs}ms fall ${fall} rise ${rise} \
on-marked-down shutdown-sessions

# Read-write: /primary answers 200 only on the member that holds the leader key.
listen primary
    bind *:${primary}
    option httpchk OPTIONS /primary
    http-check expect status 200
${servers}

# Read-only, round robin: /replica answers 200 on running replicas.
listen replicas
    bind *:${replicas}
    balance roundrobin
    option httpchk OPTIONS /replica
    http-check expect status 200
${servers}

listen stats
    bind *:${stats}
    mode http
    no log
    stats enable
    stats uri /
    stats refresh 2s
`
}
