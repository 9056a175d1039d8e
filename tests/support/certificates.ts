/** Certificates for tests: authorities of one's own, and servers that they vouch for. */
import { randomUUID, webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
import * as x509 from '@peculiar/x509'

/** A certificate and its private key, as PEM. */
export interface Certificate {
  readonly certificate: string
  readonly key: string
}

/** Vouches for servers. */
export interface CertificateAuthority {
  readonly certificate: string
  /**
   * Makes a server's certificate.
   *
   * @param names - Host names and IP addresses it is for.
   * @param notAfter - Until when it holds; for an hour by default.
   */
  issue(names: readonly string[], notAfter?: Date): Promise<Certificate>
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const anHour = 3_600_000
const yesterday = () => new Date(Date.now() - 24 * anHour)

x509.cryptoProvider.set(webcrypto as Crypto)

/** Makes an authority that nobody knows yet. */
export async function createAuthority(): Promise<CertificateAuthority> {
  const keys = await generateKeys()
  const issuer = `CN=Authority of the tests ${randomUUID()}`
  const own = await x509.X509CertificateGenerator.createSelfSigned({
    name: issuer,
    keys,
    notBefore: yesterday(),
    notAfter: new Date(Date.now() + anHour),
    signingAlgorithm: algorithm,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  })
  return {
    certificate: own.toString('pem'),
    async issue(names, notAfter = new Date(Date.now() + anHour)) {
      const { publicKey, privateKey } = await generateKeys()
      const certificate = await x509.X509CertificateGenerator.create({
        subject: 'CN=Server of the tests',
        issuer,
        notBefore: yesterday(),
        notAfter,
        publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: algorithm,
        extensions: [
          new x509.SubjectAlternativeNameExtension(
            names.map((value): x509.JsonGeneralName => ({ type: isIP(value) ? 'ip' : 'dns', value })),
          ),
        ],
      })
      const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', privateKey)
      return { certificate: certificate.toString('pem'), key: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY') }
    },
  }
}

function generateKeys(): Promise<CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
}
