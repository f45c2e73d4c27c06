"""An owner without a browser: pairs, answers, closes, raises by hand."""

from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec

from handfast.cli.demo.places import DemoSite
from handfast.protocol.area_statements import Drawing
from handfast.protocol.ceremony import enrol
from handfast.protocol.signing import sign
from handfast.protocol.statements import Approval, Closing, Login, Statement, Switch
from handfast.protocol.wire import LoginAsk, LoginChallenge
from handfast.seal.identity import SigningKey
from handfast.seal.open import OpeningKey
from tests.e2e.city import RunningCity
from tests.e2e.officer import IDS
from tests.e2e.waiting import CLOCK, until

_API = "/api/v1"


@dataclass(kw_only=True)
class Owner:
    """One device of an owner's, paired and logged in."""

    city: RunningCity
    site: DemoSite
    key: SigningKey = field(default_factory=lambda: SigningKey.generate(IDS.secret(32)))
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def node(self) -> str:
        """The id of the owner's node."""
        return self.city.node_id(self.site)

    def pair(self) -> "Owner":
        """Pair with the code from the demo's front door, and log in."""
        link = httpx.get(f"{self.city.city.start_url}/{self.site.folder}").headers["location"]
        opening = OpeningKey.generate(IDS.secret(32))
        enrolment = enrol(
            self.key, label="phone", open_key=opening.public, now_us=CLOCK.now_us()
        )
        code = link.rpartition("=")[2]
        self.post("/devices", {"code": code, "enrolment": enrolment})
        path = f"/devices/{self.key.fingerprint}/certificate"
        until(
            lambda: self.get(path)["state"] == "certified",
            within_s=15,
            what="the owner's device is certified",
        )
        until(self._log_in, within_s=15, what="the node knows the device")
        return self

    def _log_in(self) -> bool:
        """The node looks for new certificates every 2 s."""
        given = msgspec.convert(self.post("/login/challenge", {}), LoginChallenge)
        login = Login(
            audience=given.audience,
            challenge=given.challenge,
            device=self.key.fingerprint,
            at_us=CLOCK.now_us(),
        )
        ask = LoginAsk(login=sign(login, self.key), chain=[])
        answer = self._send("/login", ask)
        if answer.is_success:
            self.headers = {"authorization": f"Bearer {answer.json()['token']}"}
        return answer.is_success

    def approve(self, request: str, *, until_us: int, answer: str = "approve") -> None:
        """Answer a request."""
        approval = Approval(
            node=self.node,
            request=request,
            answer=answer,  # type: ignore[arg-type] # "approve" or "refuse"
            until_us=until_us,
            device=self.key.fingerprint,
            at_us=CLOCK.now_us(),
        )
        self.post("/approvals", self.signed(approval))

    def close(self, grant: str | None = None) -> dict[str, Any]:
        """Close one grant, or everything."""
        closing = Closing(
            node=self.node,
            scope="all" if grant is None else "grant",
            grant=grant,
            device=self.key.fingerprint,
            challenge=self.get("/challenge")["challenge"],
            at_us=CLOCK.now_us(),
        )
        return self.post("/closings", self.signed(closing))

    def draw(self, camera: str, **areas: list[list[tuple[int, int]]]) -> dict[str, Any]:
        """Draw a camera's areas, in place of those that are drawn: `masks` and `children`."""
        listed = self.get("/areas")["cameras"]
        drawing = Drawing(
            node=self.node,
            camera=camera,
            replaces=next(each["revision"] for each in listed if each["id"] == camera),
            masks=areas.get("masks", []),
            children=areas.get("children", []),
            device=self.key.fingerprint,
            challenge=self.get("/challenge")["challenge"],
            at_us=CLOCK.now_us(),
        )
        return self.post("/drawings", self.signed(drawing))

    def switch(self, state: str) -> None:
        """Raise or clear the alarm by hand."""
        switch = Switch(
            node=self.node,
            signal="intrusion",
            state=state,  # type: ignore[arg-type] # "raise" or "clear"
            test=False,
            device=self.key.fingerprint,
            challenge=self.get("/challenge")["challenge"],
            at_us=CLOCK.now_us(),
        )
        self.post("/switches", self.signed(switch))

    def signed(self, statement: Statement) -> dict[str, Any]:
        """Put a statement into what the node's API takes."""
        return {"statement": sign(statement, self.key)}

    def get(self, path: str) -> dict[str, Any]:
        """Read from the node."""
        url = self.city.city.node_url(self.site) + _API + path
        return self._read(httpx.get(url, headers=self.headers))

    def post(self, path: str, body: object) -> dict[str, Any]:
        """Send to the node."""
        return self._read(self._send(path, body))

    def _send(self, path: str, body: object) -> httpx.Response:
        url = self.city.city.node_url(self.site) + _API + path
        return httpx.post(url, content=msgspec.json.encode(body), headers=self.headers)

    def _read(self, answer: httpx.Response) -> dict[str, Any]:
        assert answer.is_success, f"{answer.url}: {answer.text}"
        read: dict[str, Any] = msgspec.json.decode(answer.content or b"{}")
        return read
