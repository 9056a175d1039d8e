/** What is measured side by side. */

/** Each has a browser of its own in each round. */
export const peerNames = ['typyst', 'by-hand', 'dexie'] as const
export type PeerName = (typeof peerNames)[number]

/** How something is done. The first two take turns on one database. */
export const routeNames = ['repository', 'drizzle', 'dexie'] as const
export type RouteName = (typeof routeNames)[number]

/** Texts as they are typed, from the second letter on: of frequent words, of rare ones, of several, and of none. */
export const typedTexts = ['install', 'typescript config', 'error handl', 'readable', 'xylophone']
