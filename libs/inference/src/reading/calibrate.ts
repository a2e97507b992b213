import type { ModelOutput } from '@sightline/contracts';

/** The probability a logit stands for, by the output's Platt scaling: sigmoid(slope · logit + intercept). */
export function calibrate(output: ModelOutput, logit: number): number {
  const { slope, intercept } = output.calibration;
  return 1 / (1 + Math.exp(-(slope * logit + intercept)));
}
