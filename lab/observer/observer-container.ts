/** What the observer's container is given, what it runs, and how a command gets to that. */

/** In its environment: every `address:port` that its relay may connect to, with spaces between. Whoever asks it is told no other. */
export const mayReachVariable = 'PGHA_LAB_MAY_REACH'

/** On the container's own loopback, which nobody else in the lab's network reaches. */
export const relayPort = 7070

/** `dist/observer.mjs`, where the image of app1 has it, which is the observer's too. */
export const relayCommand = ['node', '--max-old-space-size=64', '/opt/pgha-lab/observer.mjs'] as const

/** Started for each command that wants something in the lab: a fraction of what starting a Node takes. A relay that boots is waited for. */
export const toRelay = [
  'socat',
  '-b',
  '65536',
  '-',
  `TCP:127.0.0.1:${relayPort},nodelay,retry=60,interval=0.05`,
] as const
