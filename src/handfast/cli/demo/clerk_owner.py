"""The owners' side of the clerk: pairing codes at hand, and devices certified at once."""

import asyncio
import logging
from dataclasses import dataclass
from pathlib import Path

import msgspec

from handfast.cli.demo.city import City
from handfast.cli.demo.places import SITES, DemoSite
from handfast.cli.files import read_envelope, read_json, read_signing_key, write_envelope
from handfast.cli.owner import ROOT_KEY, OwnerCard
from handfast.kit.clock import Clock
from handfast.kit.encoding import unb64
from handfast.kit.ids import Ids
from handfast.node.app import PAIRING
from handfast.node.usecases.pair_device import PairDevice, pairing_link
from handfast.protocol.ceremony import Subject, certify
from handfast.protocol.chain import read_enrolment
from handfast.seal.identity import fingerprint

_LOG = logging.getLogger(__name__)
_PAUSE_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnersClerk:
    """Certifies whoever pairs with the demo's nodes, as the person the demo names."""

    city: City
    clock: Clock
    ids: Ids

    def pairing_link(self, site: DemoSite) -> str:
        """Return an owner's page with the root's fingerprint and a code.

        The fingerprint is from the owner's card, not from the node. The code is good for a
        quarter of an hour.
        """
        code = PairDevice(self._folder(site), clock=self.clock, ids=self.ids).new_code()
        card = read_json(self.city.owner_root(site) / "owner.json", OwnerCard)
        return pairing_link(self.city.node_url(site), code, root=fingerprint(unb64(card.root)))

    async def certify_owners(self) -> None:
        """Certify every device that has paired, until cancelled."""
        while True:
            for site in SITES:
                await asyncio.to_thread(self._certify_waiting, site)
            await asyncio.sleep(_PAUSE_S)

    def _certify_waiting(self, site: DemoSite) -> None:
        for request in sorted((self._folder(site) / "requests").glob("*.json")):
            certificate = self.city.node(site) / "trust" / "certificates" / request.name
            if not certificate.exists():
                self._certify(site, request, certificate)

    def _certify(self, site: DemoSite, request: Path, certificate: Path) -> None:
        root = self.city.owner_root(site)
        owner = read_json(root / "owner.json", OwnerCard)
        enrolment = read_enrolment(read_envelope(request))
        now_us = self.clock.now_us()
        subject = Subject(
            kind="owner-device",
            id=str(self.ids.uuid7()),
            organisation=owner.id,
            name=enrolment.label or site.principal,
            role=site.role,
            sign=unb64(enrolment.sign),
            open=unb64(enrolment.open),
        )
        key = read_signing_key(root / ROOT_KEY)
        write_envelope(certificate, certify(subject, key, serial=now_us, now_us=now_us))
        _LOG.info("certified a device of %s", site.name)

    def _folder(self, site: DemoSite) -> Path:
        return self.city.node(site) / "data" / PAIRING


def agency_id(city: City) -> str:
    """Return the id of the demo's agency."""
    card = msgspec.json.decode((city.agency_config.parent / "agency.json").read_bytes())
    return str(card["id"])
