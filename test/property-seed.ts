/**
 * Which inputs the properties are tried on: the same everywhere, so what passed on one machine passes on another. Where the long
 * tests run others are drawn each time, and what they find fails there; its report has the seed and the path to it.
 */
import fc from 'fast-check'

fc.configureGlobal({seed: Number(process.env.PROPERTY_SEED ?? 1)})
