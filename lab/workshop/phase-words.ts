/** Each phase, of a failover or of an address that moves, for somebody who sees it for the first time: what happens, and what decides how long it takes. */
import type {Phase} from '../budget/index.ts'

export const phaseWords: Readonly<Record<Phase, string>> = {
  demotion:
    'The old leader stops taking writes. It does so by itself: it could not refresh its lease in etcd for as long as it tries (retry_timeout), and so cannot know whether it still leads. This is what keeps two servers from taking writes at once.',
  reset:
    'The watchdog of the host was not fed in time and resets the whole machine. Nobody had to ask the old leader for anything: that is the point of a watchdog.',
  restart:
    'Patroni lives and holds the key, so it starts PostgreSQL again where it is. Crash recovery replays its log of changes (the WAL) since its files were last complete (the checkpoint). Nobody else has to take over.',
  oldServerDown:
    "HAProxy's health checks of the old leader fail often enough (`fall` times) and HAProxy leads nobody there any more. It runs beside all the rest: how soon it comes depends on how often HAProxy checks (`inter`), not on Patroni.",
  keyGone:
    'The leader key is a lease in etcd: it lives for some time after its last refresh (the setting ttl), and the leader refreshes it every few seconds (loop_wait). Only when it is gone may somebody else lead. A dead leader gives nothing back, so everybody waits. After an orderly stop it is given back at once.',
  election:
    'The replicas see that the key is gone. Each asks all others how far they are (2 s are spent on one that does not answer), and the one that is far enough writes its name into the key. etcd lets only one of them win.',
  promotion:
    'The winner stops copying (it leaves recovery), begins a history of its own (a new timeline) and takes writes. With little left to replay that takes a fraction of a second.',
  newServerUp:
    "HAProxy's next health check finds that the new leader answers /primary with 200, and leads writes there. Its Patroni does so as soon as it has the key, so this counts from the election: it may come before the promotion.",
  firstWrite:
    'The first client that tried again is told "committed" by the new leader. How soon depends on how clients reconnect: their time-outs and their pauses between two tries.',
  addressMoves:
    'The other host with keepalived has heard no advert for three intervals and a skew, and takes the virtual address (VRRP). Where only HAProxy died, the script beside it has to fail often enough first (`fall`).',
  wayIn:
    'The new holder tells everybody by gratuitous ARP that the address is with it now. A client gets there once what it had under way with the lost one has ended: an answer or a connection that it waits for.',
  firstRead: 'The first client that was connected anew is answered a read.',
}
