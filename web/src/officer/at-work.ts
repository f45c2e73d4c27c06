/** Everything that only a certified device needs, in one part of the page that loads after login. */

export { Desk } from './desk.svelte';
export { default as Timeline } from './Timeline.svelte';
export { default as WallTile } from './WallTile.svelte';
