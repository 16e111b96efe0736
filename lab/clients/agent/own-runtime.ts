/**
 * Before the driver is read: `pg` asks what it runs on, and where nobody says so (no `navigator` before Node 21) it makes a `Response`
 * to find out (pg/lib/stream.js), for which Node loads all of its `fetch`. That was most of the time in which an agent starts.
 */
globalThis.navigator ??= {userAgent: `Node.js/${process.versions.node.split('.')[0]}`} as Navigator
