/** Ogg to samples: Vorbis, Opus (always at 48 kHz, as it is coded) and FLAC. */
import type { CodecFrame, OggPage, OpusHeader, VorbisHeader } from 'codec-parser';
import type { RawAudio } from '../dataset.js';
import { type AudioLimits, checkExtent, unreadableAudio } from './audio-limits.js';
import { decodeFlacFrames } from './decode-flac.js';
import { isWholePage } from './ogg-page.js';
import { optionalDecoder, strictly, withDecoder } from './optional-decoders.js';

interface OggStream {
  readonly pages: readonly OggPage[];
  readonly frames: readonly CodecFrame[];
  readonly first: CodecFrame;
  /** Samples up to the end of the last page, as that page declares. */
  readonly lastGranule: number;
}

/** Checks that there is one stream with a beginning and an end. */
function oneStream(pages: readonly OggPage[], name: string): OggStream {
  const frames = pages.flatMap(({ codecFrames }) => codecFrames);
  const first = frames[0];
  const last = pages.at(-1);
  if (first === undefined || last === undefined) throw unreadableAudio(name, 'it has no audio packets');
  if (pages.some(({ streamSerialNumber }) => streamSerialNumber !== last.streamSerialNumber)) {
    throw unreadableAudio(name, 'it holds several streams', {
      hint: 'Save each stream in a file of its own.',
    });
  }
  const broken = pages.findIndex(({ rawData, pageSequenceNumber }, index) => {
    const before = pages[index - 1];
    return (
      !isWholePage(rawData) || (before !== undefined && pageSequenceNumber !== before.pageSequenceNumber + 1)
    );
  });
  if (broken >= 0 && broken < pages.length - 1) {
    throw unreadableAudio(name, `page ${broken} is missing or damaged`);
  }
  if (broken >= 0 || !last.isLastPage) {
    throw unreadableAudio(name, 'it is cut short or damaged', {
      expected: 'a whole last page, marked as such',
    });
  }
  return { pages, frames, first, lastGranule: Number(last.absoluteGranulePosition) };
}

async function decodeVorbis(stream: OggStream, name: string, limits: AudioLimits): Promise<RawAudio> {
  const { channels, sampleRate, blocksize1 } = stream.first.header as VorbisHeader; // by the parser's codec
  const most = (stream.frames.length * blocksize1) / 2; // what a packet adds is at most half a long block
  checkExtent(name, { channels, sampleRate, samples: most }, limits);
  const { OggVorbisDecoder } = await optionalDecoder('@wasm-audio-decoders/ogg-vorbis', name);
  const decoded = await withDecoder(new OggVorbisDecoder(), (decoder) =>
    strictly(name, () => decoder.decodeOggPages([...stream.pages])),
  );
  const damage = decoded.errors[0];
  if (damage !== undefined || decoded.channelData.length !== channels) {
    throw unreadableAudio(name, 'its packets are damaged', { found: damage?.message });
  }
  return { kind: 'audio', sampleRate, channels: decoded.channelData };
}

/** @see RFC 7845, section 4: granules count from the first packet, pre-skip included, at 48 kHz. */
async function decodeOpus(stream: OggStream, name: string, limits: AudioLimits): Promise<RawAudio> {
  const header = stream.first.header as OpusHeader; // by the parser's codec
  const { channels, preSkip } = header;
  const sampleRate = 48_000;
  const samples = stream.frames.reduce((sum, frame) => sum + frame.samples, 0);
  checkExtent(name, { channels, sampleRate, samples }, limits);
  const { OpusDecoder } = await optionalDecoder('opus-decoder', name);
  const { streamCount, coupledStreamCount, channelMappingTable } = header;
  const options = { channels, streamCount, coupledStreamCount, channelMappingTable, preSkip };
  const decoded = await withDecoder(new OpusDecoder(options), (decoder) =>
    strictly(name, () => decoder.decodeFrames(stream.frames.map(({ data }) => data))),
  );
  // A recording cut out of a longer one begins at the granule before its first packet.
  const opening = stream.pages.find(({ codecFrames }) => codecFrames.length > 0);
  const before =
    opening === undefined || opening.isLastPage
      ? 0
      : Number(opening.absoluteGranulePosition) -
        opening.codecFrames.reduce((sum, frame) => sum + frame.samples, 0);
  const length = stream.lastGranule - Math.max(0, before) - preSkip;
  if (length > decoded.samplesDecoded) {
    throw unreadableAudio(name, 'it is cut short or damaged', {
      expected: `${length} samples a channel`,
      found: decoded.samplesDecoded,
    });
  }
  const end = Math.max(0, length);
  return { kind: 'audio', sampleRate, channels: decoded.channelData.map((data) => data.slice(0, end)) };
}

/** @throws ZooError `DATA` for a file that is malformed, damaged, cut short, too long, or of another codec. */
export async function decodeOgg(bytes: Uint8Array, name: string, limits: AudioLimits): Promise<RawAudio> {
  const { default: CodecParser } = await optionalDecoder('codec-parser', name);
  let codec: string | undefined;
  const parser = new CodecParser<OggPage>('application/ogg', {
    enableFrameCRC32: false,
    onCodec: (found) => {
      codec = found;
    },
  });
  const pages = await strictly(name, () => [...parser.parseAll(bytes)]);
  const stream = oneStream(pages, name);
  if (codec === 'vorbis') return decodeVorbis(stream, name, limits);
  if (codec === 'opus') return decodeOpus(stream, name, limits);
  if (codec === 'flac') return decodeFlacFrames(stream.frames, stream.lastGranule, name, limits);
  throw unreadableAudio(name, 'it holds neither Vorbis, Opus nor FLAC', { found: codec });
}
