/** An error of the connection, as the driver has them: with a code that error-translations.ts knows. */
export function driverError(code: string): Error {
  return Object.assign(new Error(`The connection failed: ${code}.`), { code })
}
