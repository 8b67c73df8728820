import { z } from 'zod'

/** `jwks`: publishes the keys that sign in a recorded JWKS. It has no options. */
export const JWKS_OPTIONS = z
  .strictObject({})
  .describe('Publishes the public keys that sign at replay in a recorded JWKS (RFC 7517 §5).')
