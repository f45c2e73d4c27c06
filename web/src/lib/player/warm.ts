/** The first picture of a page pays for the start of a decoder; here it is paid before anybody waits. */

import { unb64 } from '../secure/bytes';
import { chooseDecoder } from './choose-decoder';
import { hasWebCodecs } from './decoder';
import type { MakeDecoder } from './picture';

/** A black picture of 64 x 64, H.264 constrained baseline, one keyframe. */
const RECORD = 'AULACv_hABRnQsAK3EJoQAAAAwBAAAAMo8SJ4AEABGjOD8g';
const KEYFRAME = 'AAAAFmWIhDomKAAJAsnJyddddddddddddeA';
const GIVE_UP_MS = 5000;

/** H.265 main profile, level 4: what cameras send that do not send H.264. */
const HEVC = 'hvc1.1.6.L120.90';

/** Whether this browser decodes H.265; H.264 every browser does. */
export async function playsHevc(): Promise<boolean> {
  if (!hasWebCodecs()) return typeof MediaSource === 'function' && MediaSource.isTypeSupported(`video/mp4; codecs="${HEVC}"`);
  const { supported } = await VideoDecoder.isConfigSupported({ codec: HEVC }).catch(() => ({ supported: false }));
  return supported === true;
}

/** Resolves when a picture was decoded and drawn, or could not be; never rejects. */
export async function warmDecoder(make: MakeDecoder = chooseDecoder('latency')): Promise<boolean> {
  let finished: (drawn: boolean) => void = () => undefined;
  const drawn = new Promise<boolean>((resolve) => (finished = resolve));
  const timer = setTimeout(() => finished(false), GIVE_UP_MS);
  const decoder = make({
    onPicture: (picture) => {
      const canvas = document.createElement('canvas');
      canvas.getContext('2d', { alpha: false })?.drawImage(picture.source, 0, 0);
      picture.close();
      finished(true);
    },
    onFault: () => finished(false),
  });
  try {
    await decoder.configure({ codec: 'avc1.42c00a', family: 'h264', description: unb64(RECORD), width: 64, height: 64 });
    decoder.decode({ key: true, pts: 0, dts: 0, data: unb64(KEYFRAME) });
    await Promise.race([decoder.flush(), drawn]);
    return await drawn;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
    decoder.close();
  }
}
