import { useEffect, useRef, useState } from 'react';
import type { ModelView } from '../../src/study-view.ts';
import { ask } from './ask.ts';

interface ModelDialogProps {
  model: { name: string; version: string };
  onClose: () => void;
}

/** What the model is for, what it cannot do and how well it was measured. */
export function ModelDialog({ model, onClose }: ModelDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [card, setCard] = useState<ModelView | 'missing'>();
  useEffect(() => dialog.current?.showModal(), []);
  useEffect(() => {
    void ask<ModelView>(`/api/models/${model.name}/${model.version}`).then((answer) =>
      setCard(answer.kind === 'ok' ? answer.body : 'missing'),
    );
  }, [model.name, model.version]);

  return (
    <dialog ref={dialog} className="model" aria-labelledby="model-title" onClose={onClose}>
      <header>
        <h2 id="model-title">{typeof card === 'object' ? card.title : model.name}</h2>
        <p>
          {model.name} {model.version} · reference model, not a medical device
        </p>
      </header>
      {card === undefined && <p role="status">Loading…</p>}
      {card === 'missing' && <p>The card of this version is not on this server.</p>}
      {typeof card === 'object' && <Card card={card} />}
      <footer>
        {typeof card === 'object' && (
          <a className="link" href={card.cardUrl} target="_blank" rel="noreferrer">
            Full model card ↗
          </a>
        )}
        <button type="button" autoFocus onClick={() => dialog.current?.close()}>
          Close
        </button>
      </footer>
    </dialog>
  );
}

function Card({ card: { intendedUse, limits, primary } }: { card: ModelView }) {
  const digits = (value: number) => value.toFixed(3);
  return (
    <>
      <h3>Intended use</h3>
      <p>{intendedUse}</p>
      <h3>Measured</h3>
      <p>
        {primary.name.toUpperCase()} for {primary.output}: <b>{digits(primary.value)}</b> (95 % interval{' '}
        {digits(primary.ci95[0])}–{digits(primary.ci95[1])}; {primary.n} images of {primary.patients} patients it was
        not trained on)
      </p>
      <h3>Limits</h3>
      <ul>
        {limits.map((limit) => (
          <li key={limit}>{limit}</li>
        ))}
      </ul>
    </>
  );
}
