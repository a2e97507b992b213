import { isKnownTransferSyntax, isStorageSopClass, type DicomHeader, type Uid } from '@sightline/dicom';
import { type DataSource, inTransaction } from '@sightline/persistence';
import type { ObjectStore } from '@sightline/object-store';
import { counter, describeError, histogram, type Logger } from '@sightline/platform';
import { randomUUID } from 'node:crypto';
import type { AcceptInstance } from './accept-instance.ts';
import type { Audit, Source } from './audit.ts';
import { DataSetWatch } from './data-set-watch.ts';
import { longestNote, mayReject, readNote, type Note } from './read-note.ts';

/** A data set on its way in. */
export interface Incoming {
  transferSyntaxUid: Uid;
  /** What the sender says it sends; the data set must agree. */
  sopClassUid?: string;
  sopInstanceUid?: string;
  /** The only study it may belong to. */
  studyInstanceUid?: string;
  /** Bytes to stand before the data set in its Part 10 file. */
  fileMeta: Uint8Array;
  source: Source;
}

export type Refusal =
  | 'truncated'
  | 'malformed'
  | 'no-identity'
  | 'unsupported-sop-class'
  | 'unsupported-transfer-syntax'
  | 'sop-class-mismatch'
  | 'sop-instance-mismatch'
  | 'other-study'
  | 'too-large';

/** `stored` also where the same bytes were stored before; `kept-first` where other bytes hold the UID. */
export type Received =
  | { kind: 'stored'; header: DicomHeader }
  | { kind: 'kept-first'; header: DicomHeader }
  | { kind: 'refused'; refusal: Refusal; reason: string; header?: DicomHeader }
  | { kind: 'unavailable'; header?: DicomHeader };

const received = counter('sightline_ingest_instances_total', 'Instances by what became of them', ['door', 'ending']);
const bytesReceived = counter('sightline_ingest_received_bytes', 'Bytes of stored Part 10 files', ['door']);
const notes = counter(
  'sightline_ingest_rejection_notes_total',
  'Notes that take instances back, by why; those that could not be read are unread',
  ['reason'],
);
const seconds = histogram('sightline_ingest_store_seconds', 'First byte of a data set to its commit');

class Refused extends Error {
  constructor(
    readonly refusal: Refusal,
    reason: string,
    readonly header?: DicomHeader,
  ) {
    super(reason);
  }
}

/** Takes one data set from either door to durability: object fsynced, row committed, and only then an answer. */
export class ReceiveInstance {
  constructor(
    private readonly store: ObjectStore,
    private readonly acceptInstance: AcceptInstance,
    private readonly dataSource: DataSource,
    private readonly audit: Audit,
    private readonly log: Logger,
    private readonly maxInstanceBytes: number,
  ) {}

  /** `dataSet` is read to its end, unless it is refused. Never rejects. */
  async receive(incoming: Incoming, dataSet: AsyncIterable<Uint8Array>): Promise<Received> {
    const stop = seconds.startTimer();
    const result = await this.attempt(incoming, dataSet);
    const door = incoming.source.kind === 'peer' ? 'c-store' : 'stow-rs';
    received.inc({ door, ending: result.kind === 'refused' ? result.refusal : result.kind });
    if (result.kind === 'stored') stop();
    return result;
  }

  private async attempt(incoming: Incoming, dataSet: AsyncIterable<Uint8Array>): Promise<Received> {
    let header: DicomHeader | undefined;
    try {
      const upload = new Upload(incoming, dataSet, this.maxInstanceBytes);
      header = await upload.readHeader();
      return await this.keep(incoming, header, upload);
    } catch (error) {
      if (error instanceof Refused) return await this.refuse(incoming, error, error.header ?? header);
      this.log.error('instance-not-stored', { error: describeError(error), sopInstanceUid: header?.sopInstanceUid });
      return { kind: 'unavailable', ...(header && { header }) };
    }
  }

  private async keep(incoming: Incoming, header: DicomHeader, upload: Upload): Promise<Received> {
    const objectKey = `instances/${header.studyInstanceUid}/${header.sopInstanceUid}/${randomUUID()}.dcm`;
    const { size, sha256 } = await this.store.write(objectKey, upload.part10());
    const dataSetSha256 = upload.dataSetSha256();
    const { source } = incoming;
    const note = mayReject(header) ? await this.readNote(objectKey, size) : undefined;
    // Should the commit's answer be lost, the object stays: it is either a row's or swept.
    const acceptance = await this.acceptInstance.accept({
      header,
      objectKey,
      size,
      sha256,
      dataSetSha256,
      source,
      ...(note && { note }),
    });
    if (acceptance.kind === 'accepted') {
      if (note !== undefined) this.say(header, note);
      bytesReceived.inc({ door: source.kind === 'peer' ? 'c-store' : 'stow-rs' }, size);
      return { kind: 'stored', header };
    }
    await this.store.delete(objectKey).catch((error: unknown) => {
      this.log.warn('object-not-deleted', { objectKey, error: describeError(error) });
    });
    return { kind: acceptance.identical ? 'stored' : 'kept-first', header };
  }

  private async readNote(objectKey: string, size: number): Promise<Note> {
    if (size > longestNote)
      return { kind: 'unread', reason: `a Key Object Selection of more than ${longestNote} bytes` };
    return readNote(await this.store.read(objectKey));
  }

  private say({ studyInstanceUid, sopInstanceUid }: DicomHeader, note: Note): void {
    switch (note.kind) {
      case 'rejection': {
        const { reason, instances } = note;
        notes.inc({ reason });
        this.log.info('instances-rejected', { studyInstanceUid, sopInstanceUid, reason, instances: instances.length });
        return;
      }
      case 'unread':
        notes.inc({ reason: 'unread' });
        this.log.warn('rejection-note-not-read', { studyInstanceUid, sopInstanceUid, reason: note.reason });
        return;
      case 'no-rejection':
    }
  }

  /** A refusal is answered whether or not its audit event can be written. */
  private async refuse(incoming: Incoming, { refusal, message }: Refused, header?: DicomHeader): Promise<Received> {
    this.log.warn('instance-refused', { refusal, reason: message, sopInstanceUid: header?.sopInstanceUid });
    const subject = header?.studyInstanceUid ?? 'unknown-study';
    await inTransaction(this.dataSource, (tx) =>
      this.audit.transferRefused(tx, subject, incoming.source, `${refusal}: ${message}`),
    ).catch((error: unknown) => this.log.error('refusal-not-audited', { error: describeError(error) }));
    return { kind: 'refused', refusal, reason: message, ...(header && { header }) };
  }
}

/** The bytes of one data set: held back until its header names the object, then passed on as they came, watched to the end. */
class Upload {
  readonly #watch: DataSetWatch;
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #held: Uint8Array[] = [];
  #size = 0;
  #ended = false;

  constructor(
    private readonly incoming: Incoming,
    dataSet: AsyncIterable<Uint8Array>,
    private readonly maxBytes: number,
  ) {
    this.#watch = new DataSetWatch(incoming.transferSyntaxUid);
    this.#chunks = dataSet[Symbol.asyncIterator]();
  }

  /** Throws Refused where the header cannot be read or disagrees with the sender's words. */
  async readHeader(): Promise<DicomHeader> {
    try {
      if (!isKnownTransferSyntax(this.incoming.transferSyntaxUid)) {
        throw new Refused('unsupported-transfer-syntax', 'the transfer syntax is unknown');
      }
      while (!this.#watch.headerComplete) {
        const chunk = await this.#next();
        if (chunk === undefined) break;
        this.#held.push(chunk);
      }
      const read = this.#watch.readHeader();
      if (read.kind === 'invalid') throw new Refused('no-identity', read.reason);
      this.#agree(read.header);
      return read.header;
    } catch (error) {
      await this.#chunks.return?.();
      throw error;
    }
  }

  async *part10(): AsyncGenerator<Uint8Array> {
    try {
      yield this.incoming.fileMeta;
      for (let chunk = this.#held.shift(); chunk !== undefined; chunk = this.#held.shift()) yield chunk;
      for (let chunk = await this.#next(); chunk !== undefined; chunk = await this.#next()) yield chunk;
    } finally {
      await this.#chunks.return?.();
    }
  }

  dataSetSha256(): string {
    return this.#watch.sha256();
  }

  async #next(): Promise<Uint8Array | undefined> {
    if (this.#ended) return undefined;
    const next = await this.#chunks.next();
    if (next.done === true) {
      this.#ended = true;
      const incomplete = await this.#watch.end();
      if (incomplete !== undefined) throw new Refused('truncated', incomplete);
      return undefined;
    }
    this.#size += next.value.byteLength;
    if (this.#size > this.maxBytes) throw new Refused('too-large', `more than ${this.maxBytes} bytes`);
    const malformed = await this.#watch.push(next.value);
    if (malformed !== undefined) throw new Refused('malformed', malformed);
    return next.value;
  }

  #agree(header: DicomHeader): void {
    const { sopClassUid, sopInstanceUid, studyInstanceUid } = this.incoming;
    if (!isStorageSopClass(header.sopClassUid)) {
      throw new Refused('unsupported-sop-class', 'no storage SOP class', header);
    }
    if (sopClassUid !== undefined && sopClassUid !== header.sopClassUid) {
      throw new Refused('sop-class-mismatch', 'the data set is of another SOP class than it was sent as', header);
    }
    if (sopInstanceUid !== undefined && sopInstanceUid !== header.sopInstanceUid) {
      throw new Refused(
        'sop-instance-mismatch',
        'the data set has another SOP Instance UID than it was sent as',
        header,
      );
    }
    if (studyInstanceUid !== undefined && studyInstanceUid !== header.studyInstanceUid) {
      throw new Refused('other-study', 'the instance belongs to another study', header);
    }
  }
}
