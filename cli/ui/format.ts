/** How numbers are written on the screen. ASCII only, so that every terminal shows them. */
import type {Micros} from '../../lab/index.ts'

/** `11.4 s` */
export function seconds(micros: Micros): string {
  return `${(micros / 1_000_000).toFixed(1)} s`
}

/** `0:27`, `12:03` */
export function clock(micros: Micros): string {
  const whole = Math.max(0, Math.floor(micros / 1_000_000))
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}

/** `4,120` */
export function count(number: number): string {
  return number.toLocaleString('en-US')
}
