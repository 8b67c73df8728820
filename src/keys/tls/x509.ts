/** Loaded only where a certificate is made: it takes longer than all the rest of reseal. */
export async function loadX509(): Promise<typeof import('@peculiar/x509')> {
  await import('reflect-metadata')
  return import('@peculiar/x509')
}
