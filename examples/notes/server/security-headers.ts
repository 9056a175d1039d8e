/** Headers that keep a mistake in the page from becoming a hole. */

/** @param nonce - Marks the style elements the editor adds; a new one for each response. */
export function securityHeaders(nonce: string): readonly (readonly [name: string, value: string])[] {
  const contentSecurityPolicy = [
    "default-src 'none'",
    // PGlite compiles WebAssembly, which counts as evaluating code; JavaScript's own eval stays forbidden.
    "script-src 'self' 'wasm-unsafe-eval'",
    `style-src 'self' 'nonce-${nonce}'`,
    // Markdown refers to pictures anywhere. Leave `https:` out to keep notes from telling others that they were read.
    "img-src 'self' data: https:",
    "connect-src 'self'",
    "worker-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ]
  return [
    ['content-security-policy', contentSecurityPolicy.join('; ')],
    ['cross-origin-opener-policy', 'same-origin'],
    ['cross-origin-resource-policy', 'same-origin'],
    ['referrer-policy', 'same-origin'],
    ['x-content-type-options', 'nosniff'],
  ]
}
