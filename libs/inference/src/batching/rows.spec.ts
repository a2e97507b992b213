import { describe, expect, it } from '@jest/globals';
import { answerRows, joinAnswers, joinRows, rowsOf } from './rows.ts';

const tensor = (dims: number[], ...values: number[]) => ({ dims, data: Float32Array.of(...values) });

describe('rows of a tensor', () => {
  it('are cut out and put together again as they were', () => {
    const whole = tensor([3, 1, 2], 1, 2, 3, 4, 5, 6);
    expect(rowsOf(whole, 1, 2)).toEqual(tensor([2, 1, 2], 3, 4, 5, 6));
    expect(joinRows([rowsOf(whole, 0, 1), rowsOf(whole, 1, 2)])).toEqual(whole);
  });

  it('are cut and joined in every part of an answer, scores by name', () => {
    const answer = {
      logits: tensor([2, 1], 1, 2),
      activation: tensor([2, 1, 1, 1], 3, 4),
      embedding: tensor([2, 2], 5, 6, 7, 8),
      scores: { softness: tensor([2, 1], 9, 10) },
    };
    expect(answerRows(answer, 1, 1)).toEqual({
      logits: tensor([1, 1], 2),
      activation: tensor([1, 1, 1, 1], 4),
      embedding: tensor([1, 2], 7, 8),
      scores: { softness: tensor([1, 1], 10) },
    });
    expect(joinAnswers([answerRows(answer, 0, 1), answerRows(answer, 1, 1)])).toEqual(answer);
  });
});
