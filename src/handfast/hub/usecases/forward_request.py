"""Put an officer's access request to the node it is for, and keep the node's answer.

The hub checks who asks and that the answer is the node's; it reads no sealed key and can
neither permit nor change what is asked (P4).
"""

from dataclasses import dataclass

from handfast.bus.ports import HubBus
from handfast.hub.errors import RefusedError
from handfast.hub.ports import HubStore
from handfast.hub.sessions import Session
from handfast.hub.usecases.commit_outbox import node_keys, record_decision
from handfast.kit.clock import Clock
from handfast.kit.errors import HandfastError, InvalidError, UnavailableError
from handfast.model.access import Reason
from handfast.protocol.signing import hash_of, verify
from handfast.protocol.statements import AccessRequestStatement, DecisionStatement
from handfast.protocol.wire import Ask, DecisionAnswer
from handfast.seal.identity import Envelope
from handfast.storage.hub_rows import RequestRow
from handfast.storage.sqlite_hub import HubTransaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarder:
    """What forwarding needs."""

    store: HubStore
    bus: HubBus
    clock: Clock

    async def forward(self, session: Session, node: str, ask: Ask) -> DecisionAnswer:
        """Forward an ask and return the node's decision.

        Raises:
            RefusedError: It is another device's request, or for another node.
            InvalidError: It is malformed.
            UnavailableError: The node is not there, or its answer cannot be trusted.
        """
        request = _read_request(session, node, ask)
        row = RequestRow(
            hash=hash_of(request),
            node=node,
            device=session.device,
            asked_us=self.clock.now_us(),
            decided_us=None,
            decision=None,
        )
        # Before it is forwarded: a decision may come by the outbox before the answer does.
        await self.store.transact(lambda tables: tables.accesses.ask(row))
        answer = await self.bus.access(node, ask)
        await self._keep(node, row.hash, answer.decision)
        return answer

    async def _keep(self, node: str, request: str, envelope: Envelope) -> None:
        now_us = self.clock.now_us()

        def _keep(tables: HubTransaction) -> None:
            trusted = node_keys(tables, node, now_us=now_us)
            decision = verify(envelope, DecisionStatement, trusted=trusted)
            if decision.node != node or decision.request != request:
                raise InvalidError("a decision about another request")
            record_decision(tables, decision, envelope)

        try:
            await self.store.transact(_keep)
        except UnavailableError:
            raise
        except HandfastError as error:
            message = f"node {node} answered with what does not hold: {error}"
            raise UnavailableError(message) from error


def _read_request(session: Session, node: str, ask: Ask) -> AccessRequestStatement:
    try:
        request = verify(
            ask.request, AccessRequestStatement, trusted={session.device: session.key}
        )
    except InvalidError:
        raise
    except HandfastError as error:
        message = "the request is not signed by the device that is logged in"
        raise RefusedError(Reason.CERTIFICATE_INVALID, message) from error
    if request.device != session.device:
        raise RefusedError(Reason.CERTIFICATE_INVALID, "the request names another device")
    if request.node != node:
        raise RefusedError(Reason.WRONG_NODE, f"the request is for node {request.node}")
    return request
