import { CAMERA_STATES, type CameraState } from '$lib/types';
import type { MapPalette } from './palette';

/** The camera signs as bitmaps: the same four shapes as `CameraGlyph`, plain and chosen. */

const RATIO = 3;

export interface Sign {
  readonly name: string;
  readonly image: ImageData;
  readonly pixelRatio: number;
}

export function signName(state: CameraState, chosen: boolean): string {
  return chosen ? `${state}-chosen` : state;
}

function draw(context: CanvasRenderingContext2D, state: CameraState, r: number): void {
  context.beginPath();
  context.setLineDash([]);
  if (state === 'alarm') {
    context.roundRect(-r * 0.9, -r * 0.9, r * 1.8, r * 1.8, r * 0.2);
    context.fill();
    return;
  }
  if (state === 'shared') {
    context.arc(0, 0, r, 0, 2 * Math.PI);
    context.fill();
    return;
  }
  context.lineWidth = r * (state === 'request' ? 0.5 : 0.42);
  if (state === 'offline') {
    const dash = (2 * Math.PI * r * 0.8) / 14;
    context.setLineDash([dash, dash]);
  }
  context.arc(0, 0, r * 0.8, 0, 2 * Math.PI);
  context.stroke();
}

/** A plate of the ground's colour keeps ring and dots legible over streets and views. */
function plate(context: CanvasRenderingContext2D, state: CameraState, r: number, colour: string): void {
  context.fillStyle = colour;
  context.beginPath();
  if (state === 'alarm') context.roundRect(-r, -r, 2 * r, 2 * r, r * 0.3);
  else context.arc(0, 0, r, 0, 2 * Math.PI);
  context.fill();
}

function sign(state: CameraState, chosen: boolean, palette: MapPalette): Sign {
  const radius = chosen ? 6.5 : 5;
  const size = Math.ceil(radius * 2 + 8) * RATIO;
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = size;
  const context = canvas.getContext('2d');
  if (!context) throw new TypeError('this browser gives no 2D canvas; the map cannot draw signs');
  context.translate(size / 2, size / 2);
  context.scale(RATIO, RATIO);
  if (chosen) plate(context, state, radius + 3, palette.chosen);
  plate(context, state, radius + 1.4, palette.halo);
  context.fillStyle = context.strokeStyle = palette[state];
  draw(context, state, radius);
  const image = context.getImageData(0, 0, size, size);
  return { name: signName(state, chosen), image, pixelRatio: RATIO };
}

export function signs(palette: MapPalette): Sign[] {
  return CAMERA_STATES.flatMap((state) => [sign(state, false, palette), sign(state, true, palette)]);
}
