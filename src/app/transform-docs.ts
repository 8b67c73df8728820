export { transformReference, wordReference } from '../transform/document/reference.ts'
