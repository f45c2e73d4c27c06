"""The owner is asked, and answers on a paired device; silence is a refusal in time."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from anyio import Lock, to_thread

from handfast.kit.encoding import unb64
from handfast.kit.errors import ConflictError, NotFoundError
from handfast.model.camera import Camera, CameraId
from handfast.node import entries
from handfast.node.judge import Judge
from handfast.node.open_grants import OpenGrants
from handfast.node.owner_devices import OwnerDevices
from handfast.node.pep import Pep
from handfast.node.ports import Requests
from handfast.node.steady import SteadyClock
from handfast.node.usecases.answer_request import AnswerRequest
from handfast.protocol.signing import parse
from handfast.protocol.statements import (
    AccessRequestStatement,
    Approval,
    Certificate,
    IncidentStatement,
)
from handfast.protocol.wire import Ask
from handfast.seal.identity import Envelope
from handfast.storage.sqlite_node import ApprovalRow, RequestRow


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A request in the owner's inbox; `request` is the hash an approval must name.

    Attributes:
        envelope: The officer's signed request, for the owner's device to check.
        chain: The officer's certificates, for the same purpose.
        incident_statement: As the agency's dispatch signed it.
        approvals: Fingerprints of devices that have approved so far.
    """

    request: str
    name: str
    role: str
    camera: str
    camera_name: str
    view: str
    rendition: str
    purpose: str
    incident: str
    incident_title: str
    comment: str
    from_us: int | None
    until_us: int | None
    asked_us: int
    answer_by_us: int
    approvals: list[str]
    envelope: Envelope
    chain: list[Envelope]
    incident_statement: Envelope | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskOwnerParts:
    """What asking needs; built once by `app`."""

    clock: SteadyClock
    pep: Pep
    judge: Judge
    grants: OpenGrants
    requests: Requests
    devices: OwnerDevices
    answers: AnswerRequest
    cameras: Mapping[CameraId, Camera]


class AskOwner:
    """The owner's inbox. Belongs to one event loop."""

    def __init__(self, parts: AskOwnerParts) -> None:
        """Take what asking needs."""
        self._parts = parts
        self._lock = Lock()

    async def inbox(self) -> list[Question]:
        """Return the requests that wait, the most urgent first."""
        requests = self._parts.requests
        waiting = await to_thread.run_sync(requests.waiting)
        return [self._question(row, requests.approvals(row.hash)) for row in waiting]

    async def answer(self, envelope: Envelope) -> None:
        """Take a signed approval or refusal; the request is decided anew at once.

        Durable and logged before it has an effect. A newer answer of the same device
        replaces its older one, never the reverse.

        Raises:
            DeniedError: Not by a device of the owner's, or for another node.
            NotFoundError: No such request.
            ConflictError: It is older than what the same device has answered.
            LogUnwritableError: It has no effect.
        """
        parts = self._parts
        approval = parts.devices.read(envelope, Approval)
        parts.devices.require_node(approval.node)
        async with self._lock:
            row = await to_thread.run_sync(parts.requests.get, approval.request)
            if row is None:
                raise NotFoundError("no such request; it may be for another site")
            await self._store(approval, envelope)
            if row.settled:
                await parts.grants.judge_all()
            else:
                await parts.answers.answer_again(row)

    async def tick(self) -> None:
        """Decide requests whose time to answer is over."""
        async with self._lock:
            now_us = self._parts.clock.now_us()
            for row in await to_thread.run_sync(self._parts.requests.waiting):
                if row.answer_by_us <= now_us:
                    await self._parts.answers.answer_again(row)

    async def _store(self, approval: Approval, envelope: Envelope) -> None:
        parts = self._parts
        known = await to_thread.run_sync(parts.requests.approvals, approval.request)
        if any(a.device == approval.device and a.at_us >= approval.at_us for a in known):
            raise ConflictError("this device has answered since; read the inbox again")
        row = ApprovalRow(
            request=approval.request,
            device=approval.device,
            approved=approval.answer == "approve",
            until_us=approval.until_us,
            at_us=approval.at_us,
            envelope=msgspec.json.encode(envelope),
        )
        now_us = parts.clock.now_us()
        await parts.pep.write(entries.statement_entry("approval", envelope, at_us=now_us))
        await to_thread.run_sync(parts.requests.approve, row)
        parts.judge.approved(row)

    def _question(self, row: RequestRow, approvals: tuple[ApprovalRow, ...]) -> Question:
        ask = msgspec.json.decode(row.ask, type=Ask)
        asked = parse(unb64(ask.request.payload), AccessRequestStatement)
        officer = parse(unb64(ask.chain[0].payload), Certificate)
        camera = self._parts.cameras.get(CameraId(asked.camera))
        return Question(
            request=row.hash,
            name=officer.name,
            role=officer.role,
            camera=asked.camera,
            camera_name="" if camera is None else camera.name,
            view=asked.view.value,
            rendition=asked.rendition.value,
            purpose=asked.purpose,
            incident=asked.incident,
            incident_title=_title(ask.incident),
            comment=asked.comment,
            from_us=asked.from_us,
            until_us=asked.until_us,
            asked_us=row.asked_us,
            answer_by_us=row.answer_by_us,
            approvals=[each.device for each in approvals if each.approved],
            envelope=ask.request,
            chain=ask.chain,
            incident_statement=ask.incident,
        )


def _title(incident: Envelope | None) -> str:
    """Stored asks have passed every check, so the payload is what dispatch signed."""
    if incident is None:
        return ""
    return parse(unb64(incident.payload), IncidentStatement).title
