/**
 * HAProxy's own words, by where they stand: of the manual of 3.5 and of what 2.6 registers (`haproxy -dKall`), with those that
 * earlier releases had. So a word that is in none of them is a mistake whatever release somebody runs.
 */

function words(text: string): readonly string[] {
  return text.trim().split(/\s+/)
}

/** In `global`. */
export const globalWords: readonly string[] = words(`
  51degrees-allow-unmatched 51degrees-cache-size 51degrees-data-file 51degrees-difference 51degrees-drift
  51degrees-property-name-list 51degrees-property-separator 51degrees-use-performance-graph
  51degrees-use-predictive-graph anonkey bind-process busy-polling ca-base chroot close-spread-time
  cluster-secret cpu-affinity cpu-map cpu-policy cpu-set crt-base daemon debug debug.counters default-path
  description deviceatlas-json-file deviceatlas-log-level deviceatlas-properties-cookie deviceatlas-separator
  dns-accept-family expose-deprecated-directives expose-experimental-directives external-check fd-hard-limit
  force-cfg-parser-pause gid grace group h1-accept-payload-with-any-method h1-case-adjust h1-case-adjust-file
  h1-do-not-close-on-insecure-transfer-encoding h2-workaround-bogus-websocket-clients hard-stop-after
  harden.reject-privileged-ports.quic harden.reject-privileged-ports.tcp httpclient.resolvers.disabled
  httpclient.resolvers.id httpclient.resolvers.prefer httpclient.retries httpclient.ssl.ca-file
  httpclient.ssl.verify httpclient.timeout.connect insecure-fork-wanted insecure-setuid-wanted
  issuers-chain-path jwt.decrypt_alg_list jwt.decrypt_enc_list key-base limited-quic localpeer log
  log-send-hostname log-tag lua-load lua-load-per-thread lua-prepend-path max-spread-checks
  max-threads-per-group maxcompcpuusage maxcomprate maxconn maxconnrate maxpipes maxsessrate maxsslconn
  maxsslrate maxzlibmem mworker-max-reloads mworker-prefix nbproc nbthread no-memory-trimming node noepoll
  noevports nogetaddrinfo nokqueue noktls nopoll noreuseport nosplice numa-cpu-mapping ocsp-update.disable
  ocsp-update.httpproxy ocsp-update.maxdelay ocsp-update.mindelay ocsp-update.mode pidfile
  pp2-never-send-local prealloc-fd presetenv profiling.memory profiling.tasks quiet resetenv server-state-base
  server-state-file set-dumpable set-var set-var-fmt setenv spread-checks ssl-default-bind-ciphers
  ssl-default-bind-ciphersuites ssl-default-bind-client-sigalgs ssl-default-bind-curves
  ssl-default-bind-options ssl-default-bind-sigalgs ssl-default-server-ciphers ssl-default-server-ciphersuites
  ssl-default-server-client-sigalgs ssl-default-server-curves ssl-default-server-options
  ssl-default-server-sigalgs ssl-dh-param-file ssl-engine ssl-load-extra-del-ext ssl-load-extra-files
  ssl-mode-async ssl-propquery ssl-provider ssl-provider-path ssl-security-level ssl-server-verify
  ssl-skip-self-issued-ca stats stats-file strict-limits thread-group thread-groups
  tune.applet.zero-copy-forwarding tune.buffers.limit tune.buffers.reserve tune.bufsize tune.bufsize.large
  tune.bufsize.small tune.cli.max-payload-size tune.comp.maxlevel tune.defaults.purge
  tune.disable-fast-forward tune.disable-zero-copy-forwarding tune.epoll.mask-events
  tune.events.max-events-at-once tune.fail-alloc tune.fd.edge-triggered tune.fd.tables
  tune.h1.be.glitches-threshold tune.h1.fe.glitches-threshold tune.h1.zero-copy-fwd-recv
  tune.h1.zero-copy-fwd-send tune.h2.be.glitches-threshold tune.h2.be.initial-window-size
  tune.h2.be.max-concurrent-streams tune.h2.be.max-frames-at-once tune.h2.be.rxbuf
  tune.h2.fe.glitches-threshold tune.h2.fe.initial-window-size tune.h2.fe.max-concurrent-streams
  tune.h2.fe.max-frames-at-once tune.h2.fe.max-rst-at-once tune.h2.fe.max-total-streams tune.h2.fe.rxbuf
  tune.h2.header-table-size tune.h2.initial-window-size tune.h2.max-concurrent-streams tune.h2.max-frame-size
  tune.h2.zero-copy-fwd-send tune.http.cookielen tune.http.logurilen tune.http.maxhdr tune.idle-pool.shared
  tune.idletimer tune.listener.multi-queue tune.lua.bool-sample-conversion tune.lua.burst-timeout
  tune.lua.forced-yield tune.lua.log.loggers tune.lua.log.stderr tune.lua.maxmem tune.lua.openlibs
  tune.lua.service-timeout tune.lua.session-timeout tune.lua.task-timeout tune.max-checks-per-thread
  tune.max-rules-at-once tune.maxaccept tune.maxpollevents tune.maxrewrite tune.memory.hot-size
  tune.pattern.cache-size tune.peers.max-updates-at-once tune.pipesize tune.pool-high-fd-ratio
  tune.pool-low-fd-ratio tune.pt.zero-copy-forwarding tune.quic.be.cc.cubic-min-losses tune.quic.be.cc.hystart
  tune.quic.be.cc.max-frame-loss tune.quic.be.cc.max-win-size tune.quic.be.cc.reorder-ratio
  tune.quic.be.max-idle-timeout tune.quic.be.sec.glitches-threshold tune.quic.be.stream.data-ratio
  tune.quic.be.stream.max-concurrent tune.quic.be.stream.rxbuf tune.quic.be.tx.pacing tune.quic.be.tx.udp-gso
  tune.quic.fe.cc.cubic-min-losses tune.quic.fe.cc.hystart tune.quic.fe.cc.max-frame-loss
  tune.quic.fe.cc.max-win-size tune.quic.fe.cc.reorder-ratio tune.quic.fe.max-idle-timeout
  tune.quic.fe.sec.glitches-threshold tune.quic.fe.sec.retry-threshold tune.quic.fe.sock-per-conn
  tune.quic.fe.stream.data-ratio tune.quic.fe.stream.max-concurrent tune.quic.fe.stream.max-total
  tune.quic.fe.stream.rxbuf tune.quic.fe.tx.pacing tune.quic.fe.tx.udp-gso tune.quic.listen
  tune.quic.mem.tx-max tune.quic.zero-copy-fwd-send tune.rcvbuf.backend tune.rcvbuf.client
  tune.rcvbuf.frontend tune.rcvbuf.server tune.recv_enough tune.renice.runtime tune.renice.startup
  tune.ring.queues tune.runqueue-depth tune.sched.low-latency tune.sndbuf.backend tune.sndbuf.client
  tune.sndbuf.frontend tune.sndbuf.server tune.ssl.cachesize tune.ssl.capture-buffer-size
  tune.ssl.capture-cipherlist-size tune.ssl.certificate-compression tune.ssl.default-dh-param
  tune.ssl.force-private-cache tune.ssl.hard-maxrecord tune.ssl.keylog tune.ssl.keyupdate-rate-limit
  tune.ssl.lifetime tune.ssl.maxrecord tune.ssl.ocsp-update.maxdelay tune.ssl.ocsp-update.mindelay
  tune.ssl.ssl-ctx-cache-size tune.stick-counters tune.streams-elasticity tune.takeover-other-tg-connections
  tune.vars.check-max-size tune.vars.global-max-size tune.vars.proc-max-size tune.vars.reqres-max-size
  tune.vars.sess-max-size tune.vars.txn-max-size tune.zlib.memlevel tune.zlib.windowsize uid ulimit-n
  unix-bind unsetenv user warn-blocked-traffic-after wurfl-cache-size wurfl-data-file wurfl-information-list
  wurfl-information-list-separator zero-warning
`)

/** First on a line of `defaults`, `frontend`, `backend` and `listen`. */
export const proxyWords: readonly string[] = words(`
  acl appsession backlog balance be-unpublished bind bind-process block capture clitcpka-cnt clitcpka-idle
  clitcpka-intvl clitimeout compression contimeout cookie crt declare default default-server default_backend
  description disabled dispatch email-alert enabled error-log-format errorfile errorfiles errorloc errorloc302
  errorloc303 external-check filter filter-sequence force-be-switch force-persist fullconn grace guid
  hash-balance-factor hash-preserve-affinity hash-type http-after-response http-check http-error http-request
  http-response http-reuse http-send-name-header id ignore-persist load-server-state-from-file log log-format
  log-format-sd log-steps log-tag max-keep-alive-queue max-session-srv-conns maxconn mode monitor monitor-net
  monitor-uri no option persist quic-initial rate-limit redirect redisp redispatch reqadd reqallow reqdel
  reqdeny reqiallow reqidel reqideny reqipass reqirep reqisetbe reqitarpit reqpass reqrep reqsetbe reqtarpit
  retries retry-on rspadd rspdel rspdeny rspidel rspideny rspirep rsprep server server-state-file-name
  server-template source srvtcpka-cnt srvtcpka-idle srvtcpka-intvl srvtimeout stats stick stick-table
  tcp-check tcp-request tcp-response timeout transparent unique-id-format unique-id-header use-fcgi-app
  use-filter use-server use_backend wordstats
`)

/** Behind `option`. */
export const optionWords: readonly string[] = words(`
  abortonclose accept-invalid-http-request accept-invalid-http-response allbackups checkcache clitcpka
  contstats disable-h2-upgrade dontlog-normal dontlognull external-check forceclose forwarded forwardfor
  h1-case-adjust-bogus-client h1-case-adjust-bogus-server http-buffer-request http-drop-request-trailers
  http-drop-response-trailers http-ignore-probes http-keep-alive http-no-delay http-pretend-keepalive
  http-restrict-req-hdr-names http-server-close http-tunnel http-use-proxy-header http_proxy httpchk httpclose
  httplog httpslog idle-close-on-response independent-streams ldap-check log-health-checks log-separate-errors
  logasap mysql-check nolinger originalto persist pgsql-check prefer-last-server redis-check redispatch
  smtpchk socket-stats splice-auto splice-request splice-response spop-check srvtcpka ssl-hello-chk tcp-check
  tcp-smart-accept tcp-smart-connect tcpka tcplog transparent use-small-buffers
`)

/** Behind `timeout`. */
export const timeoutWords: readonly string[] = words(`
  appsession check client client-fin client-hs connect http-keep-alive http-request queue server server-fin
  tarpit tunnel
`)

/** Behind `http-check`. */
export const httpCheckWords: readonly string[] = words(`
  comment connect disable-on-404 expect send send-state set-var unset-var
`)

/** Behind `tcp-check`. */
export const tcpCheckWords: readonly string[] = words(`
  comment connect expect send send-binary send-binary-lf send-lf set-var unset-var
`)

/** Behind a server, with a value. */
export const serverValueWords: readonly string[] = words(`
  addr agent-addr agent-inter agent-port agent-send alpn ca-file cc check-alpn check-pool-conn-name
  check-proto check-sni ciphers ciphersuites client-sigalgs cookie crl-file crt curves downinter error-limit
  fall fastinter from guid hash-key healthcheck id idle-ping init-addr init-state inter interface ktls
  log-bufsize log-proto max-reuse maxconn maxqueue minconn namespace npn observe on-error on-marked-down
  on-marked-up pool-conn-name pool-low-conn pool-max-conn pool-purge-delay port proto proxy-v2-options
  quic-cc-algo redir resolve-net resolve-opts resolve-prefer resolvers rise set-proxy-v2-tlv-fmt shard sigalgs
  slowstart sni socks4 source ssl-max-ver ssl-min-ver tcp-md5sig tcp-ut track usesrc verify verifyhost weight
  ws
`)

/** Behind a server, without one. */
export const serverBareWords: readonly string[] = words(`
  agent-check allow-0rtt backup check check-reuse-pool check-send-proxy check-sni-auto check-ssl
  check-via-socks4 disabled enabled force-sslv3 force-tlsv10 force-tlsv11 force-tlsv12 force-tlsv13
  no-agent-check no-backup no-check no-check-reuse-pool no-check-send-proxy no-check-sni-auto no-check-ssl
  no-renegotiate no-send-proxy no-send-proxy-v2 no-send-proxy-v2-ssl no-send-proxy-v2-ssl-cn no-sni-auto
  no-ssl no-ssl-reuse no-sslv3 no-tfo no-tls-tickets no-tlsv10 no-tlsv11 no-tlsv12 no-tlsv13 no-verifyhost
  non-stick renegotiate send-proxy send-proxy-v2 send-proxy-v2-ssl send-proxy-v2-ssl-cn sni-auto ssl ssl-reuse
  stick strict-maxconn tfo tls-tickets
`)
