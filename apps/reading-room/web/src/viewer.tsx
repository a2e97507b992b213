import { useEffect, useRef, useState, type PointerEvent } from 'react';
import type { StudyView } from '../../src/study-view.ts';
import { Notice } from './notice.tsx';
import { patientFacts, patientName, studyTime } from './words.ts';

/** Display window over the 8-bit image (PS3.3 C.11.2.1.2, linear): grey levels `centre ± width/2` span black to white. */
interface View {
  centre: number;
  width: number;
  zoom: number;
  x: number;
  y: number;
  inverted: boolean;
}

const fit: View = { centre: 127.5, width: 255, zoom: 1, x: 0, y: 0, inverted: false };

/** Which image is on the stage, and whose heat map; the first where undefined. */
export interface Shown {
  sopInstanceUid: string | undefined;
  findingKey: string | undefined;
}

interface ViewerProps {
  study: StudyView;
  shown: Shown;
  onShow: (shown: Shown) => void;
  onBack: () => void;
}

export function Viewer({ study, shown, onShow, onBack }: ViewerProps) {
  const { findingKey } = shown;
  const imageAt = Math.max(
    0,
    study.images.findIndex(({ sopInstanceUid }) => sopInstanceUid === shown.sopInstanceUid),
  );
  const showImage = (at: number) => onShow({ sopInstanceUid: study.images[at]?.sopInstanceUid, findingKey });
  const [view, setView] = useState<View>(fit);
  // On by itself only where something is suspected: a map of where a model found nothing says nothing.
  const [heatMapOn, setHeatMapOn] = useState(study.positive);
  const [opacity, setOpacity] = useState(0.6);
  const [broken, setBroken] = useState<string>();
  const image = study.images[imageAt];
  const heatMap =
    image?.heatMaps.find((map) => map.findingKey === findingKey) ??
    (findingKey === undefined ? image?.heatMaps[0] : undefined);
  const shows = heatMapOn && heatMap !== undefined;
  const zoomBy = (factor: number) => setView((v) => ({ ...v, zoom: Math.min(8, Math.max(1, v.zoom * factor)) }));

  useKeys({
    h: () => setHeatMapOn((on) => !on),
    i: () => setView((v) => ({ ...v, inverted: !v.inverted })),
    '+': () => zoomBy(1.25),
    '=': () => zoomBy(1.25),
    '-': () => zoomBy(0.8),
    0: () => setView(fit),
  });

  return (
    <main className="viewer" aria-label="Images">
      <div className="viewer-head">
        <button type="button" className="back" onClick={onBack}>
          ← Worklist
        </button>
        <div>
          <h1>{patientName(study.patient.name)}</h1>
          <p>
            {patientFacts(study.patient, study.startedAt)}
            {study.patient.id !== undefined && <> · ID {study.patient.id}</>}
            {study.accession !== undefined && <> · Acc. {study.accession}</>}
          </p>
        </div>
        <p className="viewer-study">
          {study.description ?? study.modalities.join(' ')}
          <br />
          {studyTime(study.startedAt)}
        </p>
      </div>
      <Stage view={view} onView={setView}>
        {image === undefined ? (
          <Notice title="No image to show">
            This study has no image this page can draw. Its images are in the archive, unchanged.
          </Notice>
        ) : broken === image.url ? (
          <Notice title="This image cannot be drawn here">Its pixels are in the archive, unchanged.</Notice>
        ) : (
          <figure className="picture" data-testid="picture">
            <img
              key={image.url}
              src={image.url}
              alt={`${image.modality} image ${imageAt + 1} of ${study.images.length}`}
              draggable={false}
              style={{ filter: 'url(#display-window)' }}
              onError={() => setBroken(image.url)}
            />
            {heatMap !== undefined && (
              <img
                key={heatMap.url}
                className="heat-map"
                data-testid="heat-map"
                src={heatMap.url}
                alt="Heat map of the model"
                draggable={false}
                hidden={!shows}
                style={{ opacity }}
              />
            )}
          </figure>
        )}
        <p className="corner corner-tl">
          {image?.modality ?? study.modalities.join(' ')}
          {study.images.length > 1 && ` · ${imageAt + 1}/${study.images.length}`}
        </p>
        <p className="corner corner-bl">
          W {Math.round(view.width)} C {Math.round(view.centre)} · {Math.round(view.zoom * 100)} %
          {view.inverted && ' · inverted'}
        </p>
        <p className="corner corner-br">
          {shows ? 'AI heat map · ' : ''}
          {isVerified(study) ? 'found by AI · signed' : 'unverified · not for diagnostic use'}
        </p>
        <DisplayWindow view={view} />
      </Stage>
      <div className="tools" role="toolbar" aria-label="Image tools">
        {heatMap === undefined ? (
          <span className="no-map" title="A map is shown only where it was measured to explain what its model answers.">
            No heat map
          </span>
        ) : (
          <>
            <label className="switch" title="h">
              <input
                type="checkbox"
                role="switch"
                checked={shows}
                onChange={(event) => setHeatMapOn(event.target.checked)}
              />
              Heat map <kbd>h</kbd>
            </label>
            <label className="slider">
              <span>Opacity</span>
              <input
                type="range"
                min="0.1"
                max="1"
                step="0.05"
                value={opacity}
                disabled={!shows}
                aria-valuetext={`${Math.round(opacity * 100)} per cent`}
                onChange={(event) => setOpacity(Number(event.target.value))}
              />
            </label>
          </>
        )}
        {shows && (
          <span className="legend" aria-hidden="true">
            less <i /> more
          </span>
        )}
        <span className="tools-gap" />
        {study.images.length > 1 && (
          <span className="group">
            <button
              type="button"
              disabled={imageAt === 0}
              onClick={() => showImage(imageAt - 1)}
              aria-label="Previous image"
            >
              ‹
            </button>
            <button
              type="button"
              disabled={imageAt >= study.images.length - 1}
              onClick={() => showImage(imageAt + 1)}
              aria-label="Next image"
            >
              ›
            </button>
          </span>
        )}
        <span className="group">
          <button
            type="button"
            aria-pressed={view.inverted}
            onClick={() => setView({ ...view, inverted: !view.inverted })}
            title="i"
          >
            Invert
          </button>
          <button type="button" onClick={() => zoomBy(0.8)} aria-label="Zoom out" title="-">
            −
          </button>
          <button type="button" onClick={() => zoomBy(1.25)} aria-label="Zoom in" title="+">
            +
          </button>
          <button type="button" onClick={() => setView(fit)} title="0">
            Reset
          </button>
        </span>
      </div>
    </main>
  );
}

/**
 * The black stage. As in other viewers: drag changes the window (right is wider, down is darker), wheel zooms, drag with Shift or the middle
 * button moves the image.
 */
function Stage(props: { view: View; onView: (change: (view: View) => View) => void; children: React.ReactNode }) {
  const { view, onView } = props;
  const stage = useRef<HTMLDivElement>(null);
  const drag = useRef<{ x: number; y: number; pans: boolean } | undefined>(undefined);

  useEffect(() => {
    const element = stage.current;
    if (element === null) return undefined;
    // React listens to wheel passively; zooming must keep the page from scrolling.
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      onView((v) => ({ ...v, zoom: Math.min(8, Math.max(1, v.zoom * Math.exp(-event.deltaY / 500))) }));
    };
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => element.removeEventListener('wheel', onWheel);
  }, [onView]);

  const onPointerDown = (event: PointerEvent) => {
    if (event.pointerType === 'touch' || event.button === 2) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    drag.current = { x: event.clientX, y: event.clientY, pans: event.shiftKey || event.button === 1 };
  };
  const onPointerMove = (event: PointerEvent) => {
    const from = drag.current;
    if (from === undefined) return;
    const dx = event.clientX - from.x;
    const dy = event.clientY - from.y;
    drag.current = { ...from, x: event.clientX, y: event.clientY };
    onView((v) =>
      from.pans
        ? { ...v, x: v.x + dx, y: v.y + dy }
        : {
            ...v,
            width: Math.min(510, Math.max(8, v.width + dx)),
            centre: Math.min(255, Math.max(0, v.centre + dy * 0.5)),
          },
    );
  };
  return (
    <div
      ref={stage}
      className="stage"
      data-testid="stage"
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={() => (drag.current = undefined)}
      onDoubleClick={() => onView(() => fit)}
    >
      <div className="stage-move" style={{ transform: `translate(${view.x}px, ${view.y}px) scale(${view.zoom})` }}>
        {Array.isArray(props.children) ? props.children[0] : props.children}
      </div>
      {Array.isArray(props.children) && props.children.slice(1)}
    </div>
  );
}

/** An SVG filter does the exact linear window; CSS brightness and contrast do not. */
function DisplayWindow({ view }: { view: View }) {
  const sign = view.inverted ? -1 : 1;
  const slope = (sign * 255) / view.width;
  const intercept = 0.5 - (slope * view.centre) / 255;
  return (
    <svg className="no-size" aria-hidden="true">
      <filter id="display-window" colorInterpolationFilters="sRGB" x="0" y="0" width="100%" height="100%">
        <feComponentTransfer>
          <feFuncR type="linear" slope={slope} intercept={intercept} />
          <feFuncG type="linear" slope={slope} intercept={intercept} />
          <feFuncB type="linear" slope={slope} intercept={intercept} />
        </feComponentTransfer>
      </filter>
    </svg>
  );
}

function isVerified({ reports }: StudyView): boolean {
  const read = reports.filter(({ outcome }) => outcome === 'findings');
  return read.length > 0 && read.every(({ state }) => state === 'signed' || state === 'corrected');
}

function useKeys(keys: Record<string, () => void>): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      if (event.target instanceof HTMLInputElement && event.target.type === 'text') return;
      if (event.target instanceof HTMLSelectElement || document.querySelector('dialog[open]') !== null) return;
      keys[event.key]?.();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  });
}
