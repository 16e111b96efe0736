/** A prediction as data: all times in micros after the fault. */
import type {Bought, Distribution, LaidOver, PredictedFault, Prediction} from '../../lab/inside/reading.ts'
import {histogram} from '../../lab/inside/reading.ts'
import {toJson} from '../../lab/inside/start.ts'

export interface PredictionData {
  readonly prediction: Prediction
  readonly bought: readonly Bought[]
  readonly laidOver: readonly LaidOver[]
  readonly assumed?: readonly string[]
  readonly against?: {readonly prediction: Prediction; readonly written: string} | undefined
}

export function predictionJson({prediction, bought, laidOver, against, assumed = []}: PredictionData): string {
  const data = {
    schemaVersion: 1,
    ...dataOf(prediction),
    assumed,
    bought,
    runs: laidOver,
    against: against ? {written: against.written, ...dataOf(against.prediction)} : null,
  }
  return toJson(data)
}

function dataOf({topology, effective, adjustments, faults}: Prediction) {
  const {patroni, haproxy} = topology
  return {settings: {patroni, haproxy}, effective, adjustments, faults: faults.map(faultOf)}
}

function faultOf({name, about, outcome, why, phases, outage, margin, notes}: PredictedFault) {
  return {
    name,
    about,
    outcome,
    why,
    phases: phases.map(({phase, label, at, took}) => ({phase, label, at: distribution(at), tookMicros: rounded(took)})),
    outage: outage && {begins: distribution(outage.begins), length: distribution(outage.length)},
    margin: margin && {until: margin.until, length: distribution(margin.length)},
    notes,
  }
}

const bins = 40

function distribution({bounds, limit, mean, p5, p50, p95, samples}: Distribution) {
  return {
    boundsMicros: rounded(bounds),
    slowMachineLimitMicros: Math.round(limit),
    meanMicros: Math.round(mean),
    p5Micros: Math.round(p5),
    p50Micros: Math.round(p50),
    p95Micros: Math.round(p95),
    /** Shares of the samples in equal parts of the bounds. */
    histogram:
      bounds[1] > bounds[0] ? histogram(samples, bounds[0], bounds[1], bins).map(one => one / samples.length) : [],
  }
}

function rounded(values: readonly number[]): number[] {
  return values.map(Math.round)
}
