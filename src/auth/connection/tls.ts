/** Whether a connection is encrypted, and whether the server has to prove who it is. */
import { TypystDbError } from '../../errors.ts'

/** How to encrypt; see `tls` in the options. */
export type TlsMode = 'verify' | 'no-verify' | 'off'

/** Encryption with a certificate authority of one's own. */
export interface TlsOptions {
  /** One or more certificates in PEM form; the server's has to be signed by one of them. */
  readonly ca: string | readonly string[]
}

/** What postgres.js takes as `ssl`. */
export type Ssl = false | { readonly rejectUnauthorized: boolean; readonly ca?: string[] }

/** libpq's `sslmode`. `require` checks the certificate too: whoever asks for encryption wants it to be of use. */
const modeBySslMode: Readonly<Record<string, TlsMode | undefined>> = {
  disable: 'off',
  'no-verify': 'no-verify',
  require: 'verify',
  'verify-ca': 'verify',
  'verify-full': 'verify',
}

/**
 * Decides on TLS: the option, then the connection string's `sslmode`, then the default, which is `verify` for a host that
 * can be anywhere and `off` for this machine and its own network.
 *
 * @throws TypystDbError `INVALID_OPTIONS` for an option that is none.
 */
export function resolveTls(
  option: TlsMode | TlsOptions | undefined,
  sslMode: string | null,
  hosts: readonly string[],
): Ssl {
  if (typeof option === 'object') return { rejectUnauthorized: true, ca: [option.ca].flat() }
  const byDefault = hosts.every(isNear) ? 'off' : 'verify'
  switch (option ?? (sslMode === null ? byDefault : (modeBySslMode[sslMode] ?? byDefault))) {
    case 'off':
      return false
    case 'no-verify':
      return { rejectUnauthorized: false }
    case 'verify':
      return { rejectUnauthorized: true }
    default:
      throw new TypystDbError('INVALID_OPTIONS', '`tls` is "verify", "no-verify", "off" or `{ ca }`. Correct it.')
  }
}

/** This machine, a private address, or a name without a dot or with an ending that only a private network has. */
function isNear(host: string): boolean {
  if (/^\d+(\.\d+){3}$/.test(host)) return /^(127|10|192\.168|172\.(1[6-9]|2\d|3[01])|169\.254)\./.test(host)
  if (host.includes(':')) return host === '::1' || /^f[cde]/.test(host)
  return !host.includes('.') || /\.(localhost|local|internal)$/.test(host) || host.startsWith('%2f')
}
