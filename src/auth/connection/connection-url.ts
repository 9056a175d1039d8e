/** Takes a connection string apart as libpq means it, several hosts included, which `URL` refuses. */
import { TypystDbError } from '../../errors.ts'

/** Where a server listens. */
export interface Place {
  readonly host: string
  readonly port: number
}

/** The parts of a connection string that decide how to connect. */
export interface ConnectionUrl {
  /** The string without what follows the `?`. */
  readonly base: string
  readonly places: readonly Place[]
  /** The first host's port; 5432 where none is given. */
  readonly port: number
  /** What follows the `?`. */
  readonly parameters: URLSearchParams
}

/**
 * Reads a connection string.
 *
 * @throws TypystDbError `INVALID_OPTIONS`, never with the string in it.
 */
export function parseConnectionUrl(text: string, optionName: string): ConnectionUrl {
  if (!/^postgres(ql)?:\/\/[^\s/]/.test(text)) {
    throw new TypystDbError(
      'INVALID_OPTIONS',
      `\`${optionName}\` is not of the form "postgres://user:password@host:port/database". Check the environment variable it comes from, or leave it out.`,
    )
  }
  const [base = '', ...query] = text.split('?')
  const [authority = ''] = base.slice(base.indexOf('//') + 2).split('/')
  const places = authority
    .slice(authority.lastIndexOf('@') + 1)
    .split(',')
    .map(parsePlace)
  return {
    base,
    places,
    port: places[0]?.port ?? 5432,
    parameters: new URLSearchParams(query.join('?')),
  }
}

/** `host`, `host:port` or `[address]:port`. */
function parsePlace(place: string): Place {
  const hostEnd = place.startsWith('[') ? place.indexOf(']') + 1 : place.lastIndexOf(':')
  const host = hostEnd > 0 ? place.slice(0, hostEnd) : place
  const port = hostEnd > 0 ? Number(place.slice(hostEnd).replace(':', '')) : 0
  return { host: host.replace('[', '').replace(']', '').toLowerCase(), port: port || 5432 }
}
