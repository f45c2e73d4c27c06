import {
  addProtocol,
  Map as MapLibre,
  ScaleControl,
  setWorkerUrl,
  type GeoJSONSource,
  type MapMouseEvent,
  type StyleSpecification,
} from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import { PMTiles, Protocol } from 'pmtiles';
import type { Camera, LonLat } from '$lib/types';
import { bareGround, basemap, FIRST_NAME } from './basemap';
import { CameraIndex, type Bounds, type Bubble } from './cameraIndex';
import {
  bubbleFeatures,
  cameraFeatures,
  incidentFeatures,
  viewFeatures,
  type MapIncident,
} from './features';
import { cameraLayers, emptySource, markLayers, ringLayers, SOURCES, viewLayers, type SourceName } from './overlay';
import type { MapPalette } from './palette';
import { reach, roam } from './sheet';
import { signs } from './signs';

/** More views than this in one picture cannot be read, so none but the chosen are drawn. */
export const MOST_VIEWS = 300;
/** More chosen cameras than this would hide each other, so bubbles gather them as well. */
const MOST_ALONE = 150;
const VIEWS_ZOOM = 15;
const PICK_PX = 6;

export interface SceneEvents {
  readonly pickCamera: (id: string) => void;
  readonly pickIncident: (id: string) => void;
  readonly pickPlace: (at: LonLat) => void;
  readonly tooManyViews: (hidden: boolean) => void;
}

export interface SceneOptions extends SceneEvents {
  readonly container: HTMLElement;
  readonly palette: MapPalette;
  readonly center: LonLat;
  readonly zoom: number;
  /** Spoken name of the canvas. */
  readonly label: string;
  /** Writes the count in a bubble in the page's language. */
  readonly number: (value: number) => string;
}

export interface Ground {
  readonly style: StyleSpecification;
  readonly limits: Bounds | null;
}

const protocol = new Protocol();

/** Reads the header of the tiles first, so that a missing base map is known before drawing. */
export async function groundFrom(path: string, palette: MapPalette): Promise<Ground | null> {
  const address = new URL(path, location.href).href;
  try {
    const tiles = new PMTiles(address);
    const header = await tiles.getHeader();
    const limits = { west: header.minLon, south: header.minLat, east: header.maxLon, north: header.maxLat };
    protocol.add(tiles);
    addProtocol('pmtiles', protocol.tile);
    return {
      style: basemap(address, palette, limits),
      limits,
    };
  } catch {
    return null;
  }
}

function mapOf(options: SceneOptions, ground: Ground | null): MapLibre {
  setWorkerUrl(workerUrl);
  const limits = ground?.limits;
  return new MapLibre({
    container: options.container,
    style: ground?.style ?? bareGround(options.palette),
    center: [...options.center],
    zoom: limits ? Math.max(options.zoom, coverZoom(options.container, limits)) : options.zoom,
    minZoom: 9,
    maxZoom: 19.5,
    attributionControl: false,
    fadeDuration: 0,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    locale: { 'Map.Title': options.label },
  });
}

/** The map without a framework: give it cameras, a choice and incidents; it draws and tells. */
export class Scene {
  readonly #map: MapLibre;
  readonly #options: SceneOptions;
  readonly #sheet: Bounds | null;
  #index = new CameraIndex([]);
  #chosen: ReadonlySet<string> = new Set();
  #chosenCameras: readonly Camera[] = [];
  #bubbles: readonly Bubble[] = [];

  /** Resolves when the map can be drawn on; rejects when the browser has no WebGL 2. */
  static async open(options: SceneOptions, ground: Ground | null): Promise<Scene> {
    await document.fonts.load('12px "Inter Variable"');
    const map = mapOf(options, ground);
    await map.once('load');
    return new Scene(map, options, ground?.limits ?? null);
  }

  private constructor(map: MapLibre, options: SceneOptions, sheet: Bounds | null) {
    this.#map = map;
    this.#options = options;
    this.#sheet = sheet;
    this.#build();
    this.#confine();
    map.on('resize', () => this.#confine());
    map.touchZoomRotate.disableRotation();
    map.addControl(new ScaleControl({ maxWidth: 90 }), 'bottom-left');
    map.on('moveend', () => this.#redraw());
    map.on('click', (event) => this.#click(event));
    for (const layer of ['camera', 'bubble', 'incident-mark']) {
      map.on('mouseenter', layer, () => (map.getCanvas().style.cursor = 'pointer'));
      map.on('mouseleave', layer, () => (map.getCanvas().style.cursor = ''));
    }
  }

  setCameras(cameras: readonly Camera[]): void {
    this.#index = new CameraIndex(cameras);
    this.#confine();
    this.setChosen(this.#chosen);
  }

  /** Chosen cameras are drawn one by one with their views at every zoom, if they are not too many. */
  setChosen(chosen: ReadonlySet<string>): void {
    this.#chosen = chosen;
    this.#chosenCameras = this.#index.cameras.filter((camera) => chosen.has(camera.id));
    this.#redraw();
  }

  setIncidents(incidents: readonly MapIncident[]): void {
    this.#source('incidents').setData(incidentFeatures(incidents));
  }

  setLabel(label: string): void {
    this.#map.getCanvas().setAttribute('aria-label', label);
  }

  zoomBy(step: 1 | -1): void {
    if (step > 0) this.#map.zoomIn();
    else this.#map.zoomOut();
  }

  /** Moves there; `metres` around the place come into view when given. */
  show(at: LonLat, metres?: number): void {
    const zoom = metres === undefined ? Math.max(this.#map.getZoom(), 16) : zoomFor(metres, at[1]);
    this.#map.easeTo({ center: [...at], zoom, duration: calm() ? 0 : 120 });
  }

  pickMiddle(): void {
    const { lng, lat } = this.#map.getCenter();
    this.#options.pickPlace([lng, lat]);
  }

  close(): void {
    this.#map.remove();
  }

  #source(name: SourceName): GeoJSONSource {
    const source = this.#map.getSource<GeoJSONSource>(name);
    if (!source) throw new TypeError(`the map lost its source ${name}`);
    return source;
  }

  #build(): void {
    const { palette } = this.#options;
    for (const sign of signs(palette)) {
      this.#map.addImage(sign.name, sign.image, { pixelRatio: sign.pixelRatio });
    }
    for (const name of SOURCES) this.#map.addSource(name, emptySource(name));
    const below = this.#map.getLayer(FIRST_NAME) ? FIRST_NAME : undefined;
    for (const layer of viewLayers(palette)) this.#map.addLayer(layer, below);
    const above = [...ringLayers(palette), ...cameraLayers(palette), ...markLayers(palette)];
    for (const layer of above) this.#map.addLayer(layer);
  }

  /** Keeps the map from leaving the base map and the cameras: beyond them there is nothing to see. */
  #confine(): void {
    if (!this.#sheet) return;
    const { clientWidth, clientHeight } = this.#options.container;
    const aspect = Math.max(1, clientWidth) / Math.max(1, clientHeight);
    const { west, south, east, north } = roam(reach(this.#sheet, this.#index.cameras), aspect);
    this.#map.setMaxBounds([
      [west, south],
      [east, north],
    ]);
  }

  /** What lies in view and half a picture around it, so that a short pan shows no gap. */
  #bounds(): Bounds {
    const seen = this.#map.getBounds();
    const [west, east] = [seen.getWest(), seen.getEast()];
    const [south, north] = [seen.getSouth(), seen.getNorth()];
    const [dx, dy] = [(east - west) / 2, (north - south) / 2];
    return { west: west - dx, south: south - dy, east: east + dx, north: north + dy };
  }

  #redraw(): void {
    const bounds = this.#bounds();
    const zoom = this.#map.getZoom();
    const alone = this.#chosenCameras.length <= MOST_ALONE ? this.#chosenCameras : [];
    const apart = new Set(alone.map((camera) => camera.id));
    const { singles, bubbles } = this.#index.gather(bounds, zoom, apart);
    this.#bubbles = bubbles;
    const drawn = [...singles, ...alone];
    this.#source('cameras').setData(cameraFeatures(drawn, this.#chosen));
    this.#source('bubbles').setData(bubbleFeatures(bubbles, this.#options.number));
    this.#redrawViews(zoom >= VIEWS_ZOOM ? drawn : alone, alone);
  }

  #redrawViews(all: readonly Camera[], alone: readonly Camera[]): void {
    const tooMany = all.length > MOST_VIEWS;
    const views = tooMany ? alone : all;
    this.#source('views').setData(viewFeatures(views, this.#chosen));
    this.#options.tooManyViews(tooMany);
  }

  #click(event: MapMouseEvent): void {
    const { x, y } = event.point;
    const found = this.#map.queryRenderedFeatures(
      [
        [x - PICK_PX, y - PICK_PX],
        [x + PICK_PX, y + PICK_PX],
      ],
      { layers: ['camera', 'bubble', 'incident-mark'] },
    )[0];
    if (found?.layer.id === 'camera') this.#options.pickCamera(String(found.properties['id']));
    else if (found?.layer.id === 'incident-mark') {
      this.#options.pickIncident(String(found.properties['id']));
    } else if (found) this.#openBubble(Number(found.properties['index']));
    else this.#options.pickPlace([event.lngLat.lng, event.lngLat.lat]);
  }

  #openBubble(index: number): void {
    const bubble = this.#bubbles[index];
    if (!bubble) return;
    const { west, south, east, north } = bubble.bounds;
    this.#map.fitBounds(
      [
        [west, south],
        [east, north],
      ],
      { padding: 64, maxZoom: 17.5, duration: calm() ? 0 : 120 },
    );
  }
}

/** The zoom at which the base map just fills the frame, so that no empty edge shows at first. */
function coverZoom(frame: HTMLElement, limits: Bounds): number {
  const width = ((limits.east - limits.west) / 360) * 512;
  return Math.min(16.5, Math.log2(Math.max(1, frame.clientWidth) / width));
}

function calm(): boolean {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}

/** The zoom at which a circle of `metres` fills about two thirds of 600 pixels. */
function zoomFor(metres: number, lat: number): number {
  const metresPerPx = metres / 200;
  const equator = 40_075_017 / 512;
  return Math.log2((equator * Math.cos((lat * Math.PI) / 180)) / metresPerPx);
}
