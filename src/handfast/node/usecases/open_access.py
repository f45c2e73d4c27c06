"""A permit becomes an access: stored, logged, judged once more, and only then sealed (P2)."""

from dataclasses import replace

from anyio import to_thread

from handfast.model.access import Deny, Grant, GrantId, Permit, Reason
from handfast.model.media import View
from handfast.node.checks import Case
from handfast.node.desk import Desk
from handfast.node.judge import Judged
from handfast.node.open_grants import OpenGrant
from handfast.node.pep import LogUnwritableError, Opened, log_not_writable
from handfast.node.release import seal_live
from handfast.node.usecases.ranges import Ranges
from handfast.node.usecases.release_range import recording_of
from handfast.seal.identity import Envelope
from handfast.seal.suite import KEY_BYTES
from handfast.storage.sqlite_node import Access


class OpenAccess:
    """Opens permitted accesses. Belongs to one event loop."""

    def __init__(self, desk: Desk, ranges: Ranges) -> None:
        """Take what opening needs."""
        self._desk = desk
        self._ranges = ranges

    async def open(self, case: Case, permit: Permit, judged: Judged) -> Envelope:
        """Open an access and return the decision with its sealed keys, or a denial."""
        desk = self._desk
        if not await self._has_pictures(case):
            return await desk.refuse(case, _nothing_recorded())
        now_us = desk.clock.now_us()
        grant = _grant(case, permit, id_=str(desk.ids.uuid7()), now_us=now_us)
        access = Access(grant=grant, why=desk.why(case), state="opening")
        await to_thread.run_sync(desk.accesses.put, access)
        try:
            opened = await desk.pep.open_grant(
                grant, permit, why=access.why, ask=case.ask.request
            )
        except LogUnwritableError:
            await to_thread.run_sync(desk.accesses.put, _never_opened(access))
            return await desk.refuse(case, log_not_writable())
        access = replace(access, state="open", log_index=opened.logged.index)
        await to_thread.run_sync(desk.accesses.put, access)
        live = case.request.view is View.LIVE
        open_grant = OpenGrant(
            access=access,
            case=case,
            windows=(opened,),
            permit=permit,
            ends_us=min(judged.ends_us, grant.until_us),
            opened_us=grant.since_us,
            until_us=grant.until_us,
            live_key=desk.ids.secret(KEY_BYTES) if live else None,
        )
        desk.grants.add(open_grant)
        return await self._release(open_grant, opened)

    async def _release(self, open_grant: OpenGrant, opened: Opened) -> Envelope:
        """Judge again, for the log took its time: a closing or a clear may have come."""
        desk, case = self._desk, open_grant.case
        again = desk.grants.judge_again(open_grant, now_us=desk.clock.now_us())
        if not isinstance(again.decision, Permit):
            await desk.grants.judge_all()
            refusal = again.decision if isinstance(again.decision, Deny) else _changed()
            return await desk.refuse(case, refusal)
        sealed = await self._seal(opened, open_grant.live_key, case.certified.open)
        desk.metrics.decisions.labels("permit").inc()
        return desk.sign(
            case.request.hash,
            open_grant.permit,
            logged=opened.logged,
            grant=open_grant.grant,
            sealed=sealed,
        )

    async def _seal(self, opened: Opened, live_key: bytes | None, open_key: bytes) -> str:
        if live_key is not None:
            return seal_live(opened, live_key, open_key=open_key)
        return await to_thread.run_sync(lambda: self._ranges.seal(opened, open_key=open_key))

    async def _has_pictures(self, case: Case) -> bool:
        request = case.request
        if request.from_us is None or request.until_us is None:
            return True
        since_us, until_us, recording = request.from_us, request.until_us, recording_of(request)
        return await to_thread.run_sync(
            lambda: self._ranges.has_recordings(recording, since_us=since_us, until_us=until_us)
        )


def _grant(case: Case, permit: Permit, *, id_: str, now_us: int) -> Grant:
    request = case.request
    return Grant(
        id=GrantId(id_),
        request=request.hash,
        agreement=request.agreement,
        clause=permit.clause,
        camera=request.camera,
        stream=request.stream,
        view=request.view,
        rendition=request.rendition,
        incident=request.incident,
        viewer=request.viewer,
        since_us=now_us,
        until_us=permit.until_us,
        from_us=permit.from_us,
        range_until_us=request.until_us,
        track=request.track,
        track_kind=request.track_kind,
        seen_in=request.seen_in,
    )


def _never_opened(access: Access) -> Access:
    reason = Reason.LOG_NOT_WRITABLE.value
    return replace(access, state="ended", ended_us=access.grant.since_us, reason=reason)


def _nothing_recorded() -> Deny:
    return Deny(
        reason=Reason.NOTHING_RECORDED,
        explanation="Nothing of that camera and time is kept any more.",
    )


def _changed() -> Deny:
    return Deny(
        reason=Reason.APPROVAL_NOT_GIVEN,
        explanation="The approval ran out while the access was being opened; ask again.",
    )
