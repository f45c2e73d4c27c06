/** What tiles say, in each language. Words say what happens, to whom, until when. */

import type { Locale } from '../i18n/words.svelte';
import type { TrackKind } from '../secure/rendition';
import type { Redaction } from './live-session';
import {
  coveredEn,
  coveredFi,
  hubEn,
  hubFi,
  reasonsEn,
  reasonsFi,
  stoppedEn,
  stoppedFi,
  unmadeEn,
  unmadeFi,
  type CoverReason,
  type KnownReason,
  type Unmade,
} from './reason-words';

/** One of those who are covered: their number, and what they are; null where nobody said so. */
export interface One {
  readonly track: number;
  readonly as: TrackKind | null;
}

/** "person 12" where a sentence goes on. */
function called({ track, as }: One): string {
  return `${as === null ? 'person or vehicle' : as === 'vehicle' ? 'vehicle' : 'person'} ${track}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const howMany = (count: number, one: string, many: string): string => (count === 1 ? `1 ${one}` : `${count} ${many}`);

/** Forms of the words for a person and a vehicle: nominative, genitive, partitive. */
const FORMS_FI = { person: ['henkilö', 'henkilön', 'henkilöä'], vehicle: ['ajoneuvo', 'ajoneuvon', 'ajoneuvoa'] } as const;

function calledFi({ track, as }: One, form: 0 | 1 | 2 = 0): string {
  const { person, vehicle } = FORMS_FI;
  const word = as === null ? `${person[form]} tai ${vehicle[form]}` : (as === 'vehicle' ? vehicle : person)[form];
  return `${word} ${track}`;
}

/** People and vehicles among what is outlined. */
function counted(outlined: readonly { readonly kind: TrackKind }[]): { readonly people: number; readonly vehicles: number } {
  const vehicles = outlined.filter(({ kind }) => kind === 'vehicle').length;
  return { people: outlined.length - vehicles, vehicles };
}

const en = {
  live: 'LIVE',
  /** Covering takes the site so long. */
  liveBehind: (seconds: number) => `LIVE, ${seconds} s behind`,
  whole: (why: string) => `Whole picture covered: ${why}`,
  more: (why: string) => `More is covered than usual: ${why}`,
  covered: coveredEn as Readonly<Record<CoverReason, string>>,
  preparing: 'Being prepared at the site',
  preparingWhy: 'People are covered there before a picture leaves. It takes about as long as the pictures last, and shows as soon as the first are there.',
  preparingGap: 'the last one ready so far',
  stopped: stoppedEn as Readonly<Record<Unmade, string>>,
  unmade: unmadeEn,
  clear: {
    ask: 'Ask for the clear picture',
    show: 'Show the clear picture',
    why: 'A clear picture shows faces, also of people who have nothing to do with this. The owner decides, and their log keeps who asked and why.',
    whyNow: 'A clear picture shows faces, also of people who have nothing to do with this. The alarm opens it at once, and the owner’s log keeps who looked and why.',
    yes: 'Ask the owner',
    yesNow: 'Show it clear',
    no: 'Stay with redacted',
    asking: 'Asking for the clear picture',
    pending: 'Clear picture: waiting for the owner',
    refused: (why: string) => `No clear picture. ${why}`,
    failed: 'The clear picture could not be asked for.',
  },
  one: {
    choose: 'See one person or vehicle clear',
    none: 'The agreement lets nobody be seen clear alone.',
    here: (outlined: readonly { readonly kind: TrackKind }[]) => {
      const { people, vehicles } = counted(outlined);
      const said = [people > 0 && howMany(people, 'person', 'people'), vehicles > 0 && howMany(vehicles, 'vehicle', 'vehicles')];
      const what = said.filter((each) => each !== false).join(' and ');
      if (outlined.length > 1) return `${what} are outlined in the picture: choose one.`;
      return `${what} is outlined in the picture: choose ${vehicles > 0 ? 'it' : 'them'}.`;
    },
    nobody: 'The site has found nobody in this picture. Go to one where it has.',
    nobodyLive: 'The site finds nobody in the picture just now.',
    people: 'People and vehicles that are covered in this picture',
    name: (one: One) => capital(called(one)),
    title: (one: One) => `Ask to see ${called(one)}`,
    reason: ({ as }: One): string => (as === 'vehicle' ? 'Why this vehicle?' : 'Why this person?'),
    reasonMissing: 'Write down why. Without a reason the site refuses.',
    byOwner: (owner: string, count: number) =>
      count === 1
        ? `${owner} decides: one of their people must agree.`
        : `${owner} decides: ${count} of their people must agree, each on a device of their own.`,
    byAlarm: (owner: string) => `${owner} has agreed to it beforehand: the alarm opens it at once.`,
    only: ({ as }: One): string =>
      as === 'vehicle'
        ? 'Only this vehicle becomes clear, in this stretch of the recording. People and other vehicles stay covered.'
        : 'Only this person becomes clear, in this stretch of the recording. Everybody else stays covered.',
    onlyLive: ({ as }: One): string =>
      as === 'vehicle'
        ? 'Only this vehicle becomes clear, live and as long as the site follows it. People and other vehicles stay covered.'
        : 'Only this person becomes clear, live and as long as the site follows them. Everybody else stays covered.',
    logged: 'It is an entry of its own in the owner’s log, with your name and this reason.',
    yes: 'Ask the owner',
    yesNow: ({ as }: One): string => (as === 'vehicle' ? 'Show this vehicle' : 'Show this person'),
    cancel: ({ as }: One): string => (as === 'vehicle' ? 'Leave it covered' : 'Leave everybody covered'),
    asking: (one: One) => `Asking to see ${called(one)}`,
    pending: (one: One) => `${capital(called(one))}: waiting for the owner`,
    making: (one: One) => `${capital(called(one))}: agreed; the pictures are being prepared at the site`,
    ready: (one: One) => `${capital(called(one))} may be seen.`,
    show: (one: One) => `Show ${called(one)}`,
    refused: (one: One, why: string) => `${capital(called(one))} stays covered. ${why}`,
    failed: (one: One) => `${capital(called(one))} could not be asked for.`,
    notAgreed: 'The agreement does not open this here. Where there are children it must ask two of the owner’s people.',
    clear: (one: One) =>
      `${capital(called(one))} is clear; ${one.as === 'vehicle' ? 'people and other vehicles stay' : 'everybody else stays'} covered.`,
    cover: ({ as }: One): string => (as === 'vehicle' ? 'Cover the vehicle again' : 'Cover everybody again'),
  },
  notLive: (seconds: number) => `NOT LIVE, ${seconds} s`,
  notLiveSpoken: 'Not live',
  checking: 'Checking how old the picture is',
  connecting: 'Waiting for the first picture',
  connectingCovered: 'The site starts to cover people; this takes some seconds.',
  asking: 'Asking the site',
  toAsk: 'The owner must approve looking back',
  toAskWhy: 'A yes to live pictures does not cover recordings. They are asked once, for all that the agreement opens until now.',
  toAskCovered: 'A yes to live pictures does not cover recordings. They are asked for redacted pictures, from a little before this instant until now.',
  toAskMore: (from: string, until: string) => `They approved ${from} to ${until}. They can be asked again, up to now.`,
  ask: 'Ask the owner',
  pending: 'Waiting for the owner',
  pendingLeft: (left: string) => `refused by itself in ${left}`,
  pendingOver: 'The time to answer is over',
  denied: 'Not opened',
  ended: 'Access has ended',
  /** What the picture was, once it is over. */
  was: (rendition: string): string => `Was: ${rendition}`,
  empty: 'Nothing to show',
  emptyWhy: 'Nothing was recorded in the range that was released.',
  failed: 'Not shown',
  failedUnreachable: 'The hub does not answer. The site goes on recording.',
  failedNoPicture: 'This browser gave no picture of this instant. Choose it again.',
  failedUntrusted: (code: string) => `What came was not accepted (${code}). Nothing of it is shown.`,
  recorded: (time: string) => `Recorded ${time}`,
  seeking: 'Searching the picture',
  gap: 'no picture of this instant; the last one before it',
  forged: 'Not authentic: not for evidence',
  cannotPlay: 'This browser cannot play this stream',
  cannotPlayWhy: { h264: 'It has no decoder for H.264.', h265: 'It has no decoder for H.265.' },
  offerSub: 'Show the smaller H.264 stream',
  again: 'Ask again',
  close: 'Stop watching',
  picture: (camera: string, owner: string) => `Picture of ${camera}, ${owner}`,
  reasons: reasonsEn as Readonly<Record<KnownReason, string>>,
  hub: hubEn as Readonly<Record<keyof typeof hubEn, string>>,
};

export type TileWords = typeof en;

const fi: TileWords = {
  live: 'SUORA',
  liveBehind: (seconds) => `SUORA, ${seconds} s jäljessä`,
  whole: (why) => `Koko kuva on peitetty: ${why}`,
  more: (why) => `Tavallista enemmän on peitetty: ${why}`,
  covered: coveredFi,
  preparing: 'Valmistellaan kohteessa',
  preparingWhy: 'Ihmiset peitetään siellä ennen kuin kuvaa lähtee. Se kestää suunnilleen yhtä kauan kuin kuvat, ja ensimmäiset näkyvät heti, kun ne ovat valmiit.',
  preparingGap: 'viimeinen, joka on valmis',
  stopped: stoppedFi,
  unmade: unmadeFi,
  clear: {
    ask: 'Pyydä peittämätöntä kuvaa',
    show: 'Näytä peittämätön kuva',
    why: 'Peittämätön kuva näyttää kasvot, myös niiden, joilla ei ole asian kanssa tekemistä. Omistaja päättää, ja hänen lokiinsa jää, kuka pyysi ja miksi.',
    whyNow: 'Peittämätön kuva näyttää kasvot, myös niiden, joilla ei ole asian kanssa tekemistä. Hälytys avaa sen heti, ja omistajan lokiin jää, kuka katsoi ja miksi.',
    yes: 'Kysy omistajalta',
    yesNow: 'Näytä peittämättömänä',
    no: 'Pidä peitettynä',
    asking: 'Pyydetään peittämätöntä kuvaa',
    pending: 'Peittämätön kuva: odotetaan omistajaa',
    refused: (why) => `Ei peittämätöntä kuvaa. ${why}`,
    failed: 'Peittämätöntä kuvaa ei voitu pyytää.',
  },
  one: {
    choose: 'Katso yhtä henkilöä tai ajoneuvoa peittämättä',
    none: 'Sopimuksen mukaan ketään ei voi nähdä yksin peittämättä.',
    here: (outlined) => {
      const { people, vehicles } = counted(outlined);
      const said = [people > 0 && howMany(people, 'henkilö', 'henkilöä'), vehicles > 0 && howMany(vehicles, 'ajoneuvo', 'ajoneuvoa')];
      const what = said.filter((each) => each !== false).join(' ja ');
      if (outlined.length > 1) return `${what} on kehystetty kuvaan: valitse yksi.`;
      return `${what} on kehystetty kuvaan: valitse ${vehicles > 0 ? 'se' : 'hänet'}.`;
    },
    nobody: 'Kohde ei ole löytänyt tästä kuvasta ketään. Siirry kuvaan, jossa se on.',
    nobodyLive: 'Kohde ei juuri nyt löydä kuvasta ketään.',
    people: 'Tässä kuvassa peitetyt henkilöt ja ajoneuvot',
    name: (one) => capital(calledFi(one)),
    title: (one) => `Pyydä nähdä ${calledFi(one)}`,
    reason: ({ as }) => (as === 'vehicle' ? 'Miksi juuri tämä ajoneuvo?' : 'Miksi juuri tämä henkilö?'),
    reasonMissing: 'Kirjoita syy. Ilman sitä kohde kieltäytyy.',
    byOwner: (owner, count) =>
      count === 1
        ? `Päättäjä on ${owner}: yhden heistä on suostuttava.`
        : `Päättäjä on ${owner}: ${count} heistä on suostuttava, kukin omalla laitteellaan.`,
    byAlarm: (owner) => `${owner} on suostunut tähän etukäteen: hälytys avaa sen heti.`,
    only: ({ as }) =>
      as === 'vehicle'
        ? 'Vain tämä ajoneuvo näkyy, ja vain tässä tallenteen osassa. Ihmiset ja muut ajoneuvot pysyvät peitettyinä.'
        : 'Vain tämä henkilö näkyy, ja vain tässä tallenteen osassa. Kaikki muut pysyvät peitettyinä.',
    onlyLive: ({ as }) =>
      as === 'vehicle'
        ? 'Vain tämä ajoneuvo näkyy suorassa kuvassa, niin kauan kuin kohde seuraa sitä. Ihmiset ja muut ajoneuvot pysyvät peitettyinä.'
        : 'Vain tämä henkilö näkyy suorassa kuvassa, niin kauan kuin kohde seuraa häntä. Kaikki muut pysyvät peitettyinä.',
    logged: 'Siitä jää omistajan lokiin oma kohta, jossa on nimesi ja tämä syy.',
    yes: 'Kysy omistajalta',
    yesNow: ({ as }) => (as === 'vehicle' ? 'Näytä tämä ajoneuvo' : 'Näytä tämä henkilö'),
    cancel: ({ as }) => (as === 'vehicle' ? 'Pidä se peitettynä' : 'Pidä kaikki peitettyinä'),
    asking: (one) => `Pyydetään nähdä ${calledFi(one)}`,
    pending: (one) => `${capital(calledFi(one))}: odotetaan omistajaa`,
    making: (one) => `${capital(calledFi(one))}: suostuttu; kuvia valmistellaan kohteessa`,
    ready: (one) => `${capital(calledFi(one, 1))} saa nähdä.`,
    show: (one) => `Näytä ${calledFi(one)}`,
    refused: (one, why) => `${capital(calledFi(one))} pysyy peitettynä. ${why}`,
    failed: (one) => `${capital(calledFi(one, 2))} ei voitu pyytää.`,
    notAgreed: 'Sopimus ei avaa tätä täällä. Missä on lapsia, sen on kysyttävä kahdelta omistajan puolelta.',
    clear: (one) =>
      `${capital(calledFi(one))} näkyy; ${one.as === 'vehicle' ? 'ihmiset ja muut ajoneuvot' : 'kaikki muut'} pysyvät peitettyinä.`,
    cover: ({ as }) => (as === 'vehicle' ? 'Peitä ajoneuvo taas' : 'Peitä kaikki taas'),
  },
  notLive: (seconds) => `EI SUORA, ${seconds} s`,
  notLiveSpoken: 'Ei suora',
  checking: 'Tarkistetaan kuvan ikä',
  connecting: 'Odotetaan ensimmäistä kuvaa',
  connectingCovered: 'Kohteen laite alkaa peittää ihmisiä; se kestää muutaman sekunnin.',
  asking: 'Kysytään kohteelta',
  toAsk: 'Omistajan on hyväksyttävä katselu taaksepäin',
  toAskWhy: 'Suostumus suoraan kuvaan ei koske tallenteita. Omistajalta kysytään kerran kaikkea, minkä sopimus avaa tähän hetkeen asti.',
  toAskCovered: 'Suostumus suoraan kuvaan ei koske tallenteita. Omistajalta kysytään peitettyjä kuvia ajalta, joka alkaa hieman ennen tätä hetkeä ja ulottuu nykyhetkeen.',
  toAskMore: (from, until) => `Hyväksytty aika on ${from}–${until}. Omistajalta voi kysyä uudelleen tähän hetkeen asti.`,
  ask: 'Kysy omistajalta',
  pending: 'Odotetaan omistajaa',
  pendingLeft: (left) => `hylätään itsestään ${left} kuluttua`,
  pendingOver: 'Vastausaika on päättynyt',
  denied: 'Ei avattu',
  ended: 'Pääsy on päättynyt',
  was: (rendition) => `Oli: ${rendition}`,
  empty: 'Ei näytettävää',
  emptyWhy: 'Avatulta ajalta ei ole tallennetta.',
  failed: 'Ei näytetä',
  failedUnreachable: 'Keskus ei vastaa. Kohde jatkaa tallentamista.',
  failedNoPicture: 'Selain ei antanut kuvaa tästä hetkestä. Valitse se uudelleen.',
  failedUntrusted: (code) => `Saapunutta ei hyväksytty (${code}). Siitä ei näytetä mitään.`,
  recorded: (time) => `Tallenne ${time}`,
  seeking: 'Etsitään kuvaa',
  gap: 'tästä hetkestä ei ole kuvaa; viimeinen sitä ennen',
  forged: 'Ei aito: ei kelpaa todisteeksi',
  cannotPlay: 'Tämä selain ei voi näyttää tätä kuvaa',
  cannotPlayWhy: { h264: 'Siinä ei ole H.264-purkua.', h265: 'Siinä ei ole H.265-purkua.' },
  offerSub: 'Näytä pienempi H.264-kuva',
  again: 'Pyydä uudelleen',
  close: 'Lopeta katselu',
  picture: (camera, owner) => `Kuva: ${camera}, ${owner}`,
  reasons: reasonsFi,
  hub: hubFi,
};

export const tileWords: Readonly<Record<Locale, TileWords>> = { en, fi };

/** How much is covered and why; null when it is as usual. */
export function coverIn(words: TileWords, { state, reason }: Redaction): string | null {
  if (state === 'normal') return null;
  const why = Object.hasOwn(words.covered, reason) ? words.covered[reason as CoverReason] : `${reason}.`;
  return words[state](why);
}

/** Why the rest of a range is missing; a word of a newer version says that much. */
export function stoppedIn(words: TileWords, why: string): string {
  return words.stopped[Object.hasOwn(words.stopped, why) ? (why as Unmade) : 'redaction-failed'];
}

/** A named reason in words; one of a newer version falls back to what the site explained. */
export function reasonIn(words: TileWords, reason: string, explanation: string): string {
  const known: Readonly<Record<string, string>> = { ...words.reasons, ...words.hub };
  return (Object.hasOwn(known, reason) ? known[reason] : undefined) ?? (explanation || reason);
}
