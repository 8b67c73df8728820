import type { BinaryText } from '../../core/binary-text.ts'
import { AS_IS, type Codec } from '../message/codec.ts'
import type { Focus, InnerPlace, ListItem, Span } from '../message/focus.ts'
import type { Located, Locator, NotFound } from '../steps/step.ts'

/** A place inside a text that is yet to be opened. */
export interface Spot extends Span {
  /** Behind the path of the place around: `claim nonce`, `$.access_token`. */
  readonly label: string
  /** Default: the text as it stands. */
  readonly codec?: Codec
  readonly isJson?: boolean
  readonly item?: ListItem
  readonly remove?: Focus['remove']
  /** What stands beside it under a name. */
  readonly sibling?: (name: string) => Spot | undefined
}

/** Finds the spots in a text, or says why there are none. */
export type SpotFinder = (text: BinaryText, focus: Focus) => readonly Spot[] | NotFound

/**
 * Goes from a text to the spots inside it; whatever the format, this is all that opening a place takes.
 * @param missing why there is none, where the finder gives an empty list
 */
export function textLocator(find: SpotFinder, missing: string): Locator {
  return (focus) => {
    const spots = find(focus.recorded, focus)
    return 'notFound' in spots ? spots : openSpots(focus, spots, missing)
  }
}

function openSpots(focus: Focus, spots: readonly Spot[], missing: string): Located {
  if (spots.length === 0) return { notFound: missing }
  const places = spots.flatMap((spot) => openSpot(focus, spot) ?? [])
  return places.length === 0
    ? { notFound: 'it overlaps another step, or is not in the form it should be in' }
    : places
}

/** Opens one spot; undefined where it overlaps another place or does not decode. */
export function openSpot(focus: Focus, spot: Spot): Focus | undefined {
  const { label, start, end, codec = AS_IS, isJson, item, remove, sibling } = spot
  const where: InnerPlace = {
    path: label === '' ? focus.path : `${focus.path} ${label}`,
    start,
    end,
    codec,
    ...(isJson === undefined ? {} : { isJson }),
    ...(item === undefined ? {} : { item }),
    ...(remove === undefined ? {} : { remove }),
    ...(sibling === undefined ? {} : { sibling: (name) => openSibling(focus, sibling(name)) }),
  }
  return focus.inside(where)
}

function openSibling(focus: Focus, spot: Spot | undefined): Focus | undefined {
  return spot && openSpot(focus, spot)
}
