import type { BinaryText } from '../../core/binary-text.ts'
import { ResealError, type SourcePlace } from '../../core/errors.ts'

/** Which variables a document stores and loads, gathered while it is compiled. */
export interface VariableBook {
  /** A step will load it. */
  load(name: string, place: SourcePlace): void
  /** A step stores it, and was recorded with this value: the first one recorded is what it holds at the start. */
  store(name: string, recorded: BinaryText): void
  /** A step of the document stores it, wherever it may find something. */
  declare(name: string): void
  /**
   * What each variable holds before anything was served.
   * @throws ResealError TRANSFORM_INVALID for one that is loaded and never stored
   */
  initial(): ReadonlyMap<string, BinaryText>
}

export function createVariableBook(): VariableBook {
  const loads = new Map<string, SourcePlace>()
  const declared = new Set<string>()
  const values = new Map<string, BinaryText>()
  return {
    load: (name, place) => {
      if (!loads.has(name)) loads.set(name, place)
    },
    declare: (name) => {
      declared.add(name)
    },
    store: (name, recorded) => {
      if (!values.has(name)) values.set(name, recorded)
    },
    initial: () => {
      for (const [name, place] of loads) {
        if (values.has(name)) continue
        throw declared.has(name) ? storedNowhere(name, place) : unknown(name, declared, place)
      }
      return values
    },
  }
}

function unknown(name: string, declared: ReadonlySet<string>, place: SourcePlace): ResealError {
  const known = [...declared]
  return new ResealError('TRANSFORM_INVALID', `No step stores the variable "${name}"`, {
    place,
    hint:
      known.length === 0
        ? `Store it with var_store: ${name}, in a chain of its own.`
        : `The variables are ${known.slice(0, 12).join(', ')}.`,
  })
}

function storedNowhere(name: string, place: SourcePlace): ResealError {
  const message = `The variable "${name}" has no value, since the step that stores it applies nowhere`
  return new ResealError('TRANSFORM_INVALID', message, {
    place,
    hint: 'Look at the filters and the path of the chain with var_store.',
  })
}
