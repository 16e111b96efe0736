/**
 * The colours of the screens, of the terminal's own sixteen: its owner has chosen what they look like, and on which background. Green,
 * yellow and cyan cannot be read on a light one, and blue not on a dark one, so letters have no colour, or the one that can be read on
 * both; the others are for signs, which have their word beside them. `test/cli/ui/contrast.test.tsx` holds that against common palettes.
 */

/** Letters that tell of something bad, and its sign. */
export const bad = {color: 'redBright'} as const

/** Signs alone. */
export const signOf = {
  good: {color: 'green'},
  waits: {color: 'yellow'},
  follows: {color: 'cyan'},
  bad,
} as const
