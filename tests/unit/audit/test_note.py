"""Notes and checkpoints are those that other people's tools write and read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handfast.audit.note import (
    Checkpoint,
    NoteKey,
    open_checkpoint,
    open_note,
    parse_vkey,
    sign_checkpoint,
    sign_note,
)
from handfast.kit.errors import HandfastError, InvalidError
from handfast.seal.identity import SignatureError, SigningKey
from tests.golden.segment.sample import fixed
from tests.unit.audit.people import KEY, ORIGIN

LOG = NoteKey(name=ORIGIN, public=KEY.public)
WITNESS = SigningKey.generate(fixed("witness", 32))
CHECKPOINT = Checkpoint(origin=ORIGIN, size=42, root=fixed("root", 32))
# The example of Go's golang.org/x/mod/sumdb/note, signed by somebody else's program.
NEUMANN = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PROBLEM = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
SIGNED_PROBLEM = (
    f"{PROBLEM}\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2p"
    "ZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_a_note_of_another_program_opens() -> None:
    """Key, key id and signature are read as Go reads them."""
    assert open_note(SIGNED_PROBLEM, [parse_vkey(NEUMANN)]) == PROBLEM
    assert parse_vkey(NEUMANN).vkey == NEUMANN


def test_the_key_of_gos_checksum_database_is_read() -> None:
    """A verifier key with a plus in its base64 as well."""
    vkey = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
    assert parse_vkey(vkey).name == "sum.golang.org"
    assert parse_vkey(vkey).vkey == vkey


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "name",
        "name+00000000+AA",
        NEUMANN.replace("c74f20a3", "c74f20a4"),
        NEUMANN.replace("+AR", "+BR"),
        NEUMANN[:-4],
        NEUMANN.replace("Peter", "Peter "),
        "a+b+c+d",
    ],
)
def test_a_damaged_vkey_is_refused(vkey: str) -> None:
    """A mistyped key must not verify another log."""
    with pytest.raises(InvalidError):
        parse_vkey(vkey)


def test_a_checkpoint_has_the_three_lines_of_c2sp() -> None:
    """Origin, size, root; an empty line; the signature under the origin."""
    note = sign_checkpoint(CHECKPOINT, KEY)
    lines = note.split("\n")
    assert lines[:2] == [ORIGIN, "42"]
    assert lines[3] == ""
    assert lines[4].startswith(f"— {ORIGIN} ")
    assert open_checkpoint(note, LOG) == CHECKPOINT


def test_cosignatures_of_unknown_witnesses_are_left_alone() -> None:
    """And known ones are checked as well."""
    note = sign_checkpoint(CHECKPOINT, KEY)
    cosigned = note + sign_note(CHECKPOINT.text, "witness.example", WITNESS).split("\n\n")[1]
    assert open_checkpoint(cosigned, LOG) == CHECKPOINT
    witness = NoteKey(name="witness.example", public=WITNESS.public)
    assert open_note(cosigned, [LOG, witness]) == CHECKPOINT.text
    with pytest.raises(SignatureError, match=r"witness\.example"):
        open_note(note, [LOG, witness])


def test_extension_lines_are_signed_and_passed_over() -> None:
    """A later version of the log may say more."""
    note = sign_note(f"{CHECKPOINT.text}more 1\n", ORIGIN, KEY)
    assert open_checkpoint(note, LOG) == CHECKPOINT


@pytest.mark.parametrize(
    "text",
    [
        f"{ORIGIN}\n042\n{CHECKPOINT.text.split()[2]}\n",
        f"{ORIGIN}\n-1\n{CHECKPOINT.text.split()[2]}\n",
        f"{ORIGIN}\n\u0664\u0662\n{CHECKPOINT.text.split()[2]}\n",
        f"{ORIGIN}\n{1 << 63}\n{CHECKPOINT.text.split()[2]}\n",
        f"{ORIGIN}\n42\nAAAA\n",
        f"{ORIGIN}\n42\nno base64\n",
        f"{ORIGIN}\n42\n",
        f"{ORIGIN}\n\n42\n{CHECKPOINT.text.split()[2]}\n",
        f"other.example/log\n42\n{CHECKPOINT.text.split()[2]}\n",
    ],
)
def test_a_malformed_checkpoint_is_refused_though_signed(text: str) -> None:
    """One text for one checkpoint, and each log only its own."""
    with pytest.raises(InvalidError):
        open_checkpoint(sign_note(text, ORIGIN, KEY), LOG)


@pytest.mark.parametrize("text", ["no newline", "tab\t\n", "bell\a\n", ""])
def test_what_cannot_stand_in_a_note_is_not_signed(text: str) -> None:
    """Notes are lines of text."""
    with pytest.raises(InvalidError):
        sign_note(text, ORIGIN, KEY)


@given(st.data())
def test_any_change_of_a_checkpoint_is_refused(data: st.DataObject) -> None:
    """Any character replaced, any end cut: an error, or the very same checkpoint."""
    note = sign_checkpoint(CHECKPOINT, KEY)
    at = data.draw(st.integers(0, len(note) - 1))
    letter = data.draw(st.characters(codec="utf-8"))
    for changed in (note[:at] + letter + note[at + 1 :], note[:at]):
        try:
            read = open_checkpoint(changed, LOG)
        except HandfastError:
            continue
        assert (read, changed) == (CHECKPOINT, note)


@given(st.text(max_size=200))
def test_noise_is_no_note(noise: str) -> None:
    """Whatever is served as a checkpoint."""
    for text in (noise, f"{noise}\n\n— {ORIGIN} {noise}\n"):
        with pytest.raises(HandfastError):
            open_checkpoint(text, LOG)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u2003b", "a\u200bb"])
def test_a_name_that_could_be_misread_is_refused(name: str) -> None:
    """No spaces, no plus, nothing invisible."""
    with pytest.raises(InvalidError):
        NoteKey(name=name, public=KEY.public)
