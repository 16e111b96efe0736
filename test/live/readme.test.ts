/** The README's first commands. */
import {playsReadme} from './readme.ts'

playsReadme('first')
