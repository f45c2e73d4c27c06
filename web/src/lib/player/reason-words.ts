/** Why something is not shown, or not clear, in each language: the named reasons of site and hub. */

/** Why access is denied or has ended; the values of `handfast.model.access.Reason`. */
export const reasonsEn = {
  'not-understood': 'The site did not understand the request. Load the page again.',
  'wrong-node': 'The request was for another site. Load the page again.',
  'agency-not-party': 'The owner has no agreement with your agency. Speak to the owner.',
  'certificate-invalid': 'The certificate of this device does not hold. Enrol it anew under “This device”.',
  'certificate-expired': 'The certificate of this device has expired. Ask your administrator for a new one.',
  'certificate-revoked': 'The certificate of this device was revoked. Speak to your administrator.',
  'challenge-unknown': 'The request came too late. Ask again.',
  'clock-apart': 'The clock of this device is wrong. Set it and ask again.',
  'agreement-unknown': 'The site does not know this agreement. Load the page again.',
  'agreement-not-in-force': 'The agreement is not in force now. It has to be renewed by both sides.',
  'camera-not-shared': 'The agreement does not share this camera. Speak to the owner.',
  'role-not-named': 'The agreement does not name your role. Ask a colleague whose role it names.',
  'purpose-not-agreed': 'The agreement does not name this purpose. Open an incident of the right kind.',
  'purpose-never': 'The owner never opens cameras for this purpose.',
  'view-not-agreed': 'The agreement does not open this view; it may open the other, live or recorded.',
  'rendition-not-agreed': 'The agreement does not open this kind of picture; it may open the other, redacted or clear.',
  'signal-not-active': 'No alarm is up at the site any more. It opens again with a new one.',
  'signal-is-a-test': 'The alarm is a test, and tests open nothing here. Nothing is to be done.',
  'outside-look-back': 'The agreement does not reach back that far. Choose a later time.',
  'incident-not-stated': 'The request names no incident of your agency. Open one and ask again.',
  'incident-elsewhere': 'The incident is at another place or time. Open one that reaches the site.',
  'approval-refused': 'The owner said no. Speak to them if it is urgent.',
  'approval-not-given': 'The owner did not answer in time. Call them and ask again.',
  'owner-closed': 'The owner closed access. It opens again with a new alarm or request.',
  'time-box-ended': 'The agreed time is over. Ask again if the reason goes on.',
  'evaluation-error': 'The site could not decide, so it refused. Tell the owner: the agreement has a fault.',
  'log-not-writable': 'The site could not write its log, so it refused. Tell the owner: the disk may be full.',
  'nothing-recorded': 'Nothing was recorded in this range. Choose another time.',
  'viewer-left': 'You stopped watching. Ask again to go on.',
  'node-restarted': 'The site’s box started anew. Ask again.',
  'track-not-seen': 'The site sees no such person or vehicle there any more. Choose again in the picture, live or recorded.',
  'areas-changed': 'The owner has just changed which areas are covered. Ask again.',
} as const;

export type KnownReason = keyof typeof reasonsEn;

/** Why a hub sends nothing more; its word alone, not the site's. */
export const hubEn = {
  'opened-elsewhere': 'You opened this camera in another window.',
  'hub-closed': 'The hub closed the connection.',
  denied: 'The hub does not let this device in. Sign in again.',
  'not-found': 'The hub does not know this access.',
} as const;

export const hubFi: Readonly<Record<keyof typeof hubEn, string>> = {
  'opened-elsewhere': 'Avasit tämän kameran toisessa ikkunassa.',
  'hub-closed': 'Keskus sulki yhteyden.',
  denied: 'Keskus ei päästä tätä laitetta sisään. Kirjaudu uudelleen.',
  'not-found': 'Keskus ei tunne tätä pääsyä.',
};

export const reasonsFi: Readonly<Record<KnownReason, string>> = {
  'not-understood': 'Kohde ei ymmärtänyt pyyntöä. Lataa sivu uudelleen.',
  'wrong-node': 'Pyyntö oli tarkoitettu toiseen kohteeseen. Lataa sivu uudelleen.',
  'agency-not-party': 'Omistajalla ei ole sopimusta virastosi kanssa. Puhu omistajalle.',
  'certificate-invalid': 'Tämän laitteen varmenne ei kelpaa. Ota laite uudelleen käyttöön kohdassa ”Tämä laite”.',
  'certificate-expired': 'Tämän laitteen varmenne on vanhentunut. Pyydä uusi ylläpitäjältä.',
  'certificate-revoked': 'Tämän laitteen varmenne on peruttu. Puhu ylläpitäjällesi.',
  'challenge-unknown': 'Pyyntö tuli liian myöhään. Pyydä uudelleen.',
  'clock-apart': 'Tämän laitteen kello on väärässä. Aseta se ja pyydä uudelleen.',
  'agreement-unknown': 'Kohde ei tunne tätä sopimusta. Lataa sivu uudelleen.',
  'agreement-not-in-force': 'Sopimus ei ole nyt voimassa. Molempien osapuolten on uusittava se.',
  'camera-not-shared': 'Sopimus ei koske tätä kameraa. Puhu omistajalle.',
  'role-not-named': 'Sopimus ei nimeä rooliasi. Pyydä työtoveria, jonka roolin se nimeää.',
  'purpose-not-agreed': 'Sopimus ei nimeä tätä tarkoitusta. Avaa oikeanlainen tapahtuma.',
  'purpose-never': 'Omistaja ei koskaan avaa kameroita tähän tarkoitukseen.',
  'view-not-agreed': 'Sopimus ei avaa tätä näkymää; se voi avata toisen, suoran tai tallenteen.',
  'rendition-not-agreed': 'Sopimus ei avaa tällaista kuvaa; se voi avata toisen, peitetyn tai peittämättömän.',
  'signal-not-active': 'Kohteessa ei ole enää hälytystä. Se avautuu taas uudesta hälytyksestä.',
  'signal-is-a-test': 'Hälytys on testi, eikä testi avaa täällä mitään. Mitään ei tarvitse tehdä.',
  'outside-look-back': 'Sopimus ei ulotu niin kauas taaksepäin. Valitse myöhempi aika.',
  'incident-not-stated': 'Pyynnössä ei ole virastosi tapahtumaa. Avaa tapahtuma ja pyydä uudelleen.',
  'incident-elsewhere': 'Tapahtuma on toisessa paikassa tai toisena aikana. Avaa tapahtuma, joka ulottuu kohteeseen.',
  'approval-refused': 'Omistaja kieltäytyi. Puhu hänelle, jos asia on kiireellinen.',
  'approval-not-given': 'Omistaja ei vastannut ajoissa. Soita hänelle ja pyydä uudelleen.',
  'owner-closed': 'Omistaja sulki pääsyn. Se avautuu taas uudesta hälytyksestä tai pyynnöstä.',
  'time-box-ended': 'Sovittu aika on päättynyt. Pyydä uudelleen, jos syy jatkuu.',
  'evaluation-error': 'Kohde ei voinut päättää, joten se kieltäytyi. Kerro omistajalle: sopimuksessa on vika.',
  'log-not-writable': 'Kohde ei voinut kirjoittaa lokiinsa, joten se kieltäytyi. Kerro omistajalle: levy voi olla täynnä.',
  'nothing-recorded': 'Tältä ajalta ei ole tallennetta. Valitse toinen aika.',
  'viewer-left': 'Lopetit katselun. Pyydä uudelleen jatkaaksesi.',
  'node-restarted': 'Kohteen laite käynnistyi uudelleen. Pyydä uudelleen.',
  'track-not-seen': 'Kohde ei enää näe siinä sellaista henkilöä tai ajoneuvoa. Valitse uudelleen kuvasta, suorasta tai tallenteesta.',
  'areas-changed': 'Omistaja muutti juuri, mitkä alueet peitetään. Pyydä uudelleen.',
};

/** Why more of a redacted picture is covered, and when less will be; the node's one word for it. */
export const coveredEn = {
  'no-detector': 'the site has no model that finds people. It opens once one is installed there.',
  'detector-failed': 'finding people has just failed. It opens again when it works.',
  'detection-late': 'the site is too busy to find people in time. It opens again when it keeps up.',
  'picture-damaged': 'the camera’s picture came damaged. It opens again when it comes whole.',
  'too-dark': 'it is too dark to find people. It opens again with more light.',
  'camera-moved': 'the camera moved. It opens again when the picture is calm.',
  'large-motion': 'most of the picture moves. It opens again when the picture is calm.',
  'night-noise': 'the picture is grainy, as at night.',
  'unknown-motion': 'something moves that was not recognised.',
  settling: 'the site gets to know the picture. This takes a few seconds.',
  'redaction-failed': 'covering people has stopped at the site. It is started anew.',
  'kept-not-seen': 'whoever may be seen is not found in the picture just now.',
} as const;

export type CoverReason = keyof typeof coveredEn;

export const coveredFi: Readonly<Record<CoverReason, string>> = {
  'no-detector': 'kohteessa ei ole mallia, joka löytää ihmiset. Kuva avautuu, kun malli on asennettu sinne.',
  'detector-failed': 'ihmisten etsintä epäonnistui juuri. Kuva avautuu taas, kun se toimii.',
  'detection-late': 'kohteen laite ei ehdi etsiä ihmisiä. Kuva avautuu taas, kun se ehtii.',
  'picture-damaged': 'kameran kuva tuli vioittuneena. Kuva avautuu taas, kun se tulee ehjänä.',
  'too-dark': 'on liian pimeää ihmisten löytämiseen. Kuva avautuu taas, kun on valoisampaa.',
  'camera-moved': 'kamera liikkui. Kuva avautuu taas, kun se on rauhallinen.',
  'large-motion': 'suurin osa kuvasta liikkuu. Kuva avautuu taas, kun se on rauhallinen.',
  'night-noise': 'kuva on rakeinen kuten yöllä.',
  'unknown-motion': 'kuvassa liikkuu jotain, mitä ei tunnistettu.',
  settling: 'kohteen laite oppii kuvan. Se kestää muutaman sekunnin.',
  'redaction-failed': 'ihmisten peittäminen pysähtyi kohteessa. Se käynnistetään uudelleen.',
  'kept-not-seen': 'sitä, jonka saa nähdä, ei juuri nyt löydy kuvasta.',
};

/** Why the rest of a recorded range will not come, in the node's words, and what to do. */
export const stoppedEn = {
  'redaction-failed': 'Covering people has failed at the site. What was made until then is here, the rest is missing. Ask again; if it fails again, call the site.',
  'redaction-left': 'Another part of this recording was asked for since, so the site did not finish this one. Ask again for the rest.',
} as const;

export type Unmade = keyof typeof stoppedEn;

export const stoppedFi: Readonly<Record<Unmade, string>> = {
  'redaction-failed': 'Ihmisten peittäminen epäonnistui kohteessa. Siihen asti valmistunut on tässä, loput puuttuu. Pyydä uudelleen; jos se ei auta, soita kohteeseen.',
  'redaction-left': 'Tallenteesta pyydettiin sittemmin toista osaa, joten kohde ei tehnyt tätä loppuun. Pyydä loput uudelleen.',
};

/** The same where no picture of it has been made. */
export const unmadeEn: Readonly<Record<Unmade, string>> = {
  'redaction-failed': 'The site could not cover the people in this recording, so no picture of it leaves. Ask again; if it fails again, call the site.',
  'redaction-left': 'Another part of this recording was asked for since, so the site did not make this one. Ask again.',
};

export const unmadeFi: Readonly<Record<Unmade, string>> = {
  'redaction-failed': 'Kohde ei pystynyt peittämään tallenteen ihmisiä, joten siitä ei lähde kuvaa. Pyydä uudelleen; jos se ei auta, soita kohteeseen.',
  'redaction-left': 'Tallenteesta pyydettiin sittemmin toista osaa, joten kohde ei tehnyt tätä. Pyydä uudelleen.',
};
