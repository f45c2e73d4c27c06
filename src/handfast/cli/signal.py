"""`handfast signal`: be an alarm panel, over HTTP or MQTT."""

import argparse
import asyncio
from pathlib import Path

import aiomqtt
import httpx
import msgspec

from handfast.cli.broker import broker_address, trust
from handfast.cli.command import Commands, add_command, add_group
from handfast.kit.clock import SystemClock
from handfast.kit.errors import DeniedError, InvalidError, UnavailableError
from handfast.node.config import read_secret
from handfast.node.signals.panels import sign_report
from handfast.protocol.wire import PanelReport

_TIMEOUT_S = 10.0
_WORDS = {
    "raise": "Raise an alarm, or renew its lease.",
    "renew": "Renew the lease of an alarm that is raised.",
    "clear": "Clear an alarm.",
}


def add_to(commands: Commands) -> None:
    """Add `handfast signal ...`."""
    group = add_group(
        commands,
        "signal",
        summary="Report to a site node as one of its alarm panels.",
        example="handfast signal raise intrusion --node http://127.0.0.1:8720 "
        "--panel hall --secret-file panel-hall.secret",
    )
    for state, summary in _WORDS.items():
        _add(group, state, summary)


def run(arguments: argparse.Namespace) -> int:
    """Run the parsed command."""
    return int(arguments.run(arguments))


def _add(group: Commands, state: str, summary: str) -> None:
    parser = add_command(
        group,
        state,
        summary=summary,
        example=f"handfast signal {state} intrusion --node http://127.0.0.1:8720 "
        "--panel hall --secret-file panel-hall.secret",
        run=report,
    )
    parser.set_defaults(state=state)
    parser.add_argument("signal", metavar="KIND", help="e.g. intrusion")
    parser.add_argument("--node", default="", help="the node's address")
    parser.add_argument(
        "--ca",
        type=Path,
        help="PEM file of the node's or broker's authority (default: the system's)",
    )
    parser.add_argument("--panel", required=True, help="the panel's id")
    parser.add_argument("--secret-file", type=Path, required=True, help="file (0600)")
    parser.add_argument("--test", action="store_true", help="a test: opens nothing")
    parser.add_argument("--lease", type=int, default=120, help="seconds (default: 120)")
    parser.add_argument(
        "--mqtt",
        default="",
        metavar="mqtts://HOST[:PORT]",
        help="report over MQTT, by TLS; mqtt:// is unencrypted and for this machine only",
    )
    parser.add_argument(
        "--mqtt-plain", action="store_true", help="allow mqtt:// beyond this machine"
    )
    parser.add_argument("--mqtt-topic", default="", help="handfast/<node id>/signals")
    parser.add_argument("--mqtt-user", default="", help="login at the broker")
    parser.add_argument("--mqtt-password-file", type=Path, help="file (0600)")


def report(arguments: argparse.Namespace) -> int:
    """Send one report and say what came of it."""
    body = msgspec.json.encode(_report(arguments))
    if arguments.mqtt:
        asyncio.run(_publish(arguments, body))
        print(f"Sent {arguments.state} {arguments.signal}; MQTT brings no answer.")
        return 0
    if not arguments.node:
        raise InvalidError("name the node (--node URL) or a broker (--mqtt mqtts://HOST)")
    print(_post(arguments, body))
    return 0


def _report(arguments: argparse.Namespace) -> PanelReport:
    now_us = SystemClock().now_us()
    unsigned = PanelReport(
        panel=arguments.panel,
        sequence=now_us,  # grows without a file to remember it in
        signal=arguments.signal,
        state=arguments.state,
        test=arguments.test,
        lease_s=arguments.lease,
        at_us=now_us,
        mac="",
    )
    return sign_report(unsigned, read_secret(arguments.secret_file))


def _post(arguments: argparse.Namespace, body: bytes) -> str:
    verify = trust(arguments.ca)
    url = arguments.node.rstrip("/") + "/api/v1/signals"
    if not url.startswith(("http://", "https://")):
        raise InvalidError(
            f"--node {arguments.node}: no address; write it whole, such as http://127.0.0.1:8721"
        )
    try:
        answer = httpx.post(url, content=body, timeout=_TIMEOUT_S, verify=verify)
    except httpx.HTTPError as error:
        raise UnavailableError(f"{url} does not answer: {error}; is the node up?") from error
    if answer.is_error:
        detail = answer.json().get("detail", answer.text) if answer.content else ""
        raise DeniedError(f"the node refused: {detail}")
    taken = answer.json()
    return f"{taken['signal']} is {taken['state']}"


async def _publish(arguments: argparse.Namespace, body: bytes) -> None:
    if not arguments.mqtt_topic:
        raise InvalidError("name the topic: --mqtt-topic handfast/<node id>/signals")
    broker = broker_address(arguments.mqtt, plain=arguments.mqtt_plain)
    if arguments.ca is not None and not broker.tls:
        raise InvalidError(f"{arguments.mqtt} is unencrypted; --ca goes with mqtts://")
    secret = arguments.mqtt_password_file
    password = None if secret is None else read_secret(secret).decode()
    try:
        async with aiomqtt.Client(
            broker.host,
            broker.port,
            username=arguments.mqtt_user or None,
            password=password,
            tls_context=trust(arguments.ca) if broker.tls else None,
            timeout=_TIMEOUT_S,
        ) as client:
            await client.publish(arguments.mqtt_topic, body, qos=1)
    except aiomqtt.MqttError as error:
        raise UnavailableError(f"the broker at {arguments.mqtt}: {error}") from error
