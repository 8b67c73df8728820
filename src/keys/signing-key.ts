/** The keys room's front door: where keys come from, and what a key that signs is. */
export type { SigningKey } from './bound-key.ts'
export type { KeySource } from './key-source.ts'
export { mountedKeys, type MountedKeyOptions } from './mounted-keys.ts'
export { generatedKeys } from './generated-keys.ts'
export { autoAlg, type AlgChoice } from './alg-choice.ts'
