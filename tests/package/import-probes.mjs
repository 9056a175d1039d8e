/**
 * Loaded before anything else in a bare Node process (`node --import`): notes every effect that code from a file has
 * while modules load, and writes the notes to file descriptor 3 when the process ends.
 */
import childProcess from 'node:child_process'
import dns from 'node:dns'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'
import { fileURLToPath } from 'node:url'
import workerThreads from 'node:worker_threads'

const self = fileURLToPath(import.meta.url)
const notes = []
const { writeSync } = fs

/**
 * Notes the effect unless Node itself is behind it: its module loader reads files, its CommonJS loader on behalf of
 * whoever calls `require`.
 */
function note(effect) {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 50
  const frames = new Error().stack?.split('\n').slice(1) ?? []
  Error.stackTraceLimit = stackTraceLimit
  for (const frame of frames) {
    if (frame.includes(self)) continue
    if (frame.includes('node:internal/modules/')) return
    const [, place] = /(?:\(|at (?:async )?)((?:file:\/\/)?\/[^()]+:\d+):\d+\)?$/.exec(frame) ?? []
    if (place !== undefined) {
      notes.push(`${effect} at ${place}`)
      return
    }
  }
}

function probe(owner, names, label) {
  for (const name of names) {
    const original = owner[name]
    if (typeof original !== 'function') continue
    owner[name] = new Proxy(original, {
      apply(target, thisArgument, parameters) {
        note(`${label}.${name}()`)
        return Reflect.apply(target, thisArgument, parameters)
      },
      construct(target, parameters, newTarget) {
        note(`new ${label}.${name}()`)
        return Reflect.construct(target, parameters, newTarget)
      },
    })
  }
}

/** Getters stay out: what they give is loaded on demand, and reading it here would load it. */
const functionsOf = (owner) =>
  Object.entries(Object.getOwnPropertyDescriptors(owner))
    .filter(([, { value }]) => typeof value === 'function')
    .map(([name]) => name)

probe(fs, functionsOf(fs), 'fs')
probe(fs.promises, functionsOf(fs.promises), 'fs.promises')
probe(net, functionsOf(net), 'net')
probe(net.Socket.prototype, ['connect'], 'Socket')
probe(net.Server.prototype, ['listen'], 'Server')
probe(dns, ['lookup', 'resolve'], 'dns')
probe(dns.promises, ['lookup', 'resolve'], 'dns.promises')
probe(childProcess, functionsOf(childProcess), 'child_process')
probe(workerThreads, ['Worker', 'MessageChannel', 'BroadcastChannel'], 'worker_threads')
probe(process, ['on', 'once', 'addListener'], 'process')
probe(
  globalThis,
  ['setTimeout', 'setInterval', 'setImmediate', 'fetch', 'WebSocket', 'BroadcastChannel', 'MessageChannel'],
  'globalThis',
)
probe(console, functionsOf(console), 'console')
syncBuiltinESMExports()

/** Something browsers have and Node has not, where any use at all is noted. */
function probeGlobal(name) {
  const value = new Proxy(function () {}, {
    get: (_target, key) => note(`${name}.${String(key)}`),
    apply: () => note(`${name}()`),
    construct() {
      note(`new ${name}()`)
      return {}
    },
  })
  Object.defineProperty(globalThis, name, { value, configurable: true, enumerable: false, writable: true })
}
for (const name of ['indexedDB', 'Worker', 'SharedWorker', 'localStorage']) probeGlobal(name)

const { env } = process
const notesRead =
  (operation) =>
  (target, key, ...rest) => {
    note(`process.env.${String(key)}`)
    return Reflect[operation](target, key, ...rest)
  }
process.env = new Proxy(env, {
  get: notesRead('get'),
  has: notesRead('has'),
  set: notesRead('set'),
  getOwnPropertyDescriptor: notesRead('getOwnPropertyDescriptor'),
  ownKeys(target) {
    note('process.env.*')
    return Reflect.ownKeys(target)
  },
})

const globalsBefore = new Set(Reflect.ownKeys(globalThis))
process.prependListener('exit', () => {
  for (const key of Reflect.ownKeys(globalThis)) {
    if (!globalsBefore.has(key)) notes.push(`globalThis.${String(key)} is new`)
  }
  writeSync(3, JSON.stringify(notes))
})
