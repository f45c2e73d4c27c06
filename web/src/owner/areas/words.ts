/** English of the protected areas; both languages have the same shape. */
import type { Locale } from '$lib/i18n/words.svelte';
import { coveredEn, coveredFi } from '$lib/player/reason-words';
import type { Fault } from './shapes';
import type { Kind } from './sketch.svelte';
import { fi } from './words-fi';

const plural = (count: number, one: string, many: string): string => (count === 1 ? one : many);

export const en = {
  title: 'What is covered in your cameras’ pictures',
  intro: 'This holds for redacted pictures. Whoever may see clear pictures sees everything.',
  none: 'No cameras',
  noneWhy: 'Your site’s box has no cameras yet. Whoever installs it adds them.',
  finds: (what: string, moves: boolean): string =>
    moves ? `${what} are covered, and whatever else moves.` : `${what} are covered.`,
  covers: { persons: 'people', faces: 'faces', vehicles: 'vehicles' } as Readonly<Record<string, string>>,
  count: {
    mask: (count: number): string => plural(count, '1 area always covered', `${count} areas always covered`),
    children: (count: number): string => plural(count, '1 children’s zone', `${count} children’s zones`),
    none: 'No area of its own',
  },
  unsaved: 'Not saved yet',
  back: 'All cameras',
  unknown: 'No such camera',
  kinds: { mask: 'Always covered', children: 'Children’s zone' } satisfies Record<Kind, string>,
  does: {
    mask: 'Nobody with a redacted picture ever sees this part.',
    children: 'The strictest redaction, and two of your devices must agree before anybody on this camera is made visible.',
  } satisfies Record<Kind, string>,
  draw: { mask: 'Draw an area that is always covered', children: 'Draw a children’s zone' } satisfies Record<Kind, string>,
  full: 'There is room for 32 areas. Remove one first.',
  drawing: (kind: string): string => `You are drawing: ${kind}`,
  how: 'Tap the corners one after another. Close the area with a tap on its first corner, or with Done.',
  howKeys: 'With keys: arrows move the cross, Enter puts a corner, Delete takes one back, Escape leaves.',
  cross: 'Cross. Arrow keys move it, Enter puts a corner here.',
  done: 'Done',
  takeBack: 'Take back a corner',
  leave: 'Leave it',
  undo: 'Undo',
  redo: 'Redo',
  stage: (name: string): string => `Picture of ${name} with its areas`,
  area: (number: number, kind: string): string => `Area ${number}: ${kind}`,
  locked: (kind: string): string => `Set by the installation: ${kind}`,
  lockedWhy: 'These stand in the box’s own settings. They hold always; whoever installs the box can change them.',
  corner: (number: number, of: number, right: string, down: string): string =>
    `Corner ${number} of ${of}, ${right} from the left, ${down} from the top. Arrow keys move it, Enter adds one after it, Delete removes it.`,
  share: (share: string): string => `${share} of the picture`,
  areas: 'Areas',
  noAreas: 'Nothing is drawn yet.',
  remove: 'Remove',
  choose: 'Change',
  edit: 'Drag a corner to move it, or the area to move all of it.',
  faults: {
    few: 'It needs three corners.',
    many: 'It has more than 32 corners.',
    crosses: 'Its edges cross or touch. Move the corners apart.',
  } satisfies Record<Fault, string>,
  fault: (number: number, why: string): string => `Area ${number} cannot be saved: ${why}`,
  picture: {
    ask: 'Show a picture',
    again: 'Show a newer picture',
    asking: 'The site covers a picture. This can take half a minute.',
    why: 'One covered picture of the last seconds, to draw on. Your log will say that this device asked for it.',
    of: (time: string): string => `Picture of ${time}, covered as everybody sees it who may see redacted pictures.`,
    logged: (index: string): string => `Entry ${index} of your log says that you looked.`,
    unproved: (why: string): string => `The proof in your log does not hold: ${why}`,
    more: (why: string): string => `More than usual is covered: ${why}`,
    whole: (why: string): string => `The whole picture is covered: ${why} You can draw all the same.`,
    empty: 'You can draw on the empty frame all the same.',
    missing: {
      'nothing-recorded': 'Nothing was recorded in the last seconds.',
      'redaction-failed': 'The site could not cover a picture, so it shows none.',
      'areas-changed': 'The areas changed while the picture was made. Ask again.',
    } as Readonly<Record<string, string>>,
    failed: 'No picture',
  },
  save: 'Save',
  nothing: 'Nothing has changed.',
  ask: {
    title: (camera: string): string => `Save the areas of ${camera}?`,
    added: (count: number, kind: string): string => plural(count, `Adds 1: ${kind}`, `Adds ${count}: ${kind}`),
    removed: (count: number, kind: string): string => plural(count, `Removes 1: ${kind}`, `Removes ${count}: ${kind}`),
    changed: (count: number): string => plural(count, 'Changes 1 area', `Changes ${count} areas`),
    less: 'What is taken away is shown in pictures from now on.',
    two: 'From now on two of your devices must agree before anybody on this camera is made visible.',
    holds: 'It holds at once. Who looks live goes on with the new areas; recordings that are open now close and can be asked for again.',
    confirm: 'Sign and save',
    busy: 'Saving',
  },
  saved: {
    title: 'Saved',
    signed: (index: string): string => `Your site has signed it: entry ${index} of your log, checked by this device.`,
    unproved: (why: string): string => `It holds, but the proof of it does not: ${why}`,
    ended: (count: number): string => plural(count, '1 view of older pictures was closed.', `${count} views of older pictures were closed.`),
  },
  refused: {
    title: 'Not saved',
    conflict: 'Somebody else has drawn on this camera since you opened it. Look at theirs first. Yours is kept: Undo brings it back.',
    theirs: 'Show theirs',
    log: 'Your site could not write its log, so everything stays as it was. Tell whoever looks after the box.',
    why: (why: string): string => `${why} Everything stays as it was.`,
  },
};

export type AreaWords = typeof en;

/** Why more than usual is covered, as every viewer reads it. */
export function coveredWords(locale: Locale): Readonly<Record<string, string>> {
  return locale === 'fi' ? coveredFi : coveredEn;
}

export function areaWords(locale: Locale): AreaWords {
  return locale === 'fi' ? fi : en;
}
