/** Colours of the map; the canvas cannot read custom properties, so they stand here once more. */
export interface MapPalette {
  readonly beyond: string;
  readonly land: string;
  readonly water: string;
  readonly green: string;
  readonly square: string;
  readonly building: string;
  readonly buildingEdge: string;
  readonly path: string;
  readonly street: string;
  readonly avenue: string;
  readonly casing: string;
  readonly rail: string;
  readonly tram: string;
  readonly streetName: string;
  readonly placeName: string;
  readonly districtName: string;
  readonly halo: string;
  readonly shared: string;
  readonly request: string;
  readonly alarm: string;
  readonly offline: string;
  readonly incident: string;
  readonly chosen: string;
  readonly bubble: string;
  readonly bubbleText: string;
}

export const DARK: MapPalette = {
  beyond: '#0f151d',
  land: '#131a23',
  water: '#0c2744',
  green: '#132a24',
  square: '#18212c',
  building: '#1d2732',
  buildingEdge: '#2b3849',
  path: '#25303e',
  street: '#344257',
  avenue: '#46586f',
  casing: '#0f151d',
  rail: '#2f3e58',
  tram: '#303d4f',
  streetName: '#a3b1c5',
  placeName: '#909eb2',
  districtName: '#c2cedd',
  halo: '#0d1219',
  shared: '#2fd6b5',
  request: '#6cb2ff',
  alarm: '#f5b83d',
  offline: '#8f9db1',
  incident: '#ff6b5e',
  chosen: '#ffffff',
  bubble: '#16202c',
  bubbleText: '#e8edf4',
};

export const LIGHT: MapPalette = {
  beyond: '#eaedf2',
  land: '#f5f6f8',
  water: '#c5dcf0',
  green: '#dcecdf',
  square: '#eceef2',
  building: '#e2e6ec',
  buildingEdge: '#d0d7e0',
  path: '#e6e9ee',
  street: '#ffffff',
  avenue: '#ffffff',
  casing: '#cfd6df',
  rail: '#b4bfcd',
  tram: '#c6ced9',
  streetName: '#4d5b70',
  placeName: '#566478',
  districtName: '#28344a',
  halo: '#ffffff',
  shared: '#0b7f6a',
  request: '#0b5fc0',
  alarm: '#b36b00',
  offline: '#667387',
  incident: '#c8281b',
  chosen: '#131a24',
  bubble: '#ffffff',
  bubbleText: '#131a24',
};
