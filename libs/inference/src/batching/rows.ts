import type { Answer, Tensor } from '../runtime.ts';

/** Rows `from` to `from + count` of a tensor, no copy. */
export function rowsOf({ dims, data }: Tensor, from: number, count: number): Tensor {
  const [rows = 0, ...rest] = dims;
  const each = rows === 0 ? 0 : data.length / rows;
  return { dims: [count, ...rest], data: data.subarray(from * each, (from + count) * each) };
}

/** The rows of several tensors of one shape, in order. One alone is returned as it is. */
export function joinRows(tensors: readonly Tensor[]): Tensor {
  const [first] = tensors;
  if (first !== undefined && tensors.length === 1) return first;
  const data = new Float32Array(tensors.reduce((sum, tensor) => sum + tensor.data.length, 0));
  let at = 0;
  for (const tensor of tensors) {
    data.set(tensor.data, at);
    at += tensor.data.length;
  }
  const rows = tensors.reduce((sum, { dims }) => sum + (dims[0] ?? 0), 0);
  return { dims: [rows, ...(first?.dims.slice(1) ?? [])], data };
}

export function answerRows(answer: Answer, from: number, count: number): Answer {
  return eachTensor(answer, (tensor) => rowsOf(tensor, from, count));
}

export function joinAnswers(answers: readonly [Answer, ...Answer[]]): Answer {
  const [first, ...others] = answers;
  if (others.length === 0) return first;
  return {
    logits: joinRows(answers.map(({ logits }) => logits)),
    activation: joinRows(answers.map(({ activation }) => activation)),
    embedding: joinRows(answers.map(({ embedding }) => embedding)),
    scores: Object.fromEntries(
      Object.keys(first.scores).map((name) => [
        name,
        joinRows(answers.flatMap(({ scores }) => (scores[name] === undefined ? [] : [scores[name]]))),
      ]),
    ),
  };
}

function eachTensor({ logits, activation, embedding, scores }: Answer, change: (tensor: Tensor) => Tensor): Answer {
  return {
    logits: change(logits),
    activation: change(activation),
    embedding: change(embedding),
    scores: Object.fromEntries(Object.entries(scores).map(([name, tensor]) => [name, change(tensor)])),
  };
}
