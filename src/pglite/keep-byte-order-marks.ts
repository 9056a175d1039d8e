/**
 * Keeps a byte order mark (U+FEFF) at the beginning of a text. PGlite 0.5.16 decodes each value with a `TextDecoder` that
 * takes one away; its parser makes that decoder for itself, and is made anew when an error is thrown out of it. So the parser
 * is made with one that keeps the mark, and errors are thrown here. docs/upstream.md has the text of the report.
 */
import type { PGlite } from '@electric-sql/pglite'

/**
 * Makes a client whose parser keeps the marks.
 *
 * @param create - Calls `PGlite.create`, which makes the parser before it returns.
 */
export function creatingParser(create: () => Promise<PGlite>): Promise<PGlite> {
  const Decoder = globalThis.TextDecoder
  globalThis.TextDecoder = class extends Decoder {
    constructor(label?: string, options?: TextDecoderOptions) {
      super(label, { ...options, ignoreBOM: true })
    }
  }
  try {
    return create()
  } finally {
    globalThis.TextDecoder = Decoder
  }
}

/** Has a client keep its parser when a statement fails. */
export function keepParser(client: Pick<PGlite, 'execProtocol' | 'execProtocolStream'>): void {
  const executeStream = client.execProtocolStream.bind(client)
  client.execProtocolStream = async (message, options) => {
    const messages = await executeStream(message, { ...options, throwOnError: false })
    if (options?.throwOnError ?? true) throwFirstError(messages)
    return messages
  }
  const execute = client.execProtocol.bind(client)
  client.execProtocol = async (message, options) => {
    const result = await execute(message, { ...options, throwOnError: false })
    if (options?.throwOnError ?? true) throwFirstError(result.messages)
    return result
  }
}

function throwFirstError(messages: readonly object[]): void {
  for (const message of messages) if (message instanceof Error) throw message
}
