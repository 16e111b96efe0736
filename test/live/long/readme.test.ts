/** The README's other commands that raise a lab. */
import {playsReadme} from '../readme.ts'

playsReadme('others')
