"""A proof of a payment verifies offline, with nothing of the program, and no longer after a change of any byte."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ledger import verify_proof
from ledger.api import payment_proof
from ledger.checkpoints import keys
from ledger.checkpoints.notes import TreeHead
from ledger.checkpoints.tree import StoredTree
from tests.ledger import samples

pytestmark = pytest.mark.django_db
PREFIXES = ("payment.",)


@pytest.fixture
def public(folder: Path) -> str:
    (key,) = keys.known()
    return str(key)


def made() -> bytes:
    """Of a payment with two entries, among others, in a tree of three hundred."""
    for number in range(300):
        samples.settled("P7" if number in {3, 290} else f"P{number}-", name="María")
    samples.seal_all()
    proof = payment_proof("P7", PREFIXES)
    assert proof
    return proof


def test_a_proof_is_checked_by_one_file_that_needs_nothing_of_the_program(public: str, tmp_path: Path) -> None:
    proof, file, program = made(), tmp_path / "proof.json", tmp_path / "verify_proof.py"
    file.write_bytes(proof)
    program.write_bytes(Path(verify_proof.__file__).read_bytes())

    def run(*arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-I", str(program), *arguments],
            cwd=tmp_path,
            env={"PYTHONIOENCODING": "utf-8"},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    code, said = run(str(file), public)
    assert code == 0, said
    assert "PROVEN. What follows about payment P7 stands in the ledger testserver/ledger," in said
    assert said.count("The receiver's wallet has it / La cartera de quien recibe lo tiene (received 12.50 USD)") == 2
    assert "María" not in said
    assert b"Mar" not in proof
    signer = keys.signer()
    assert signer
    for arguments, why in (
        ((str(file), public.replace("testserver", "elsewhere")), "The public key is not one"),
        ((str(file), str(type(signer.public)("testserver/ledger", bytes(32)))), "signed by another key"),
        ((str(tmp_path / "none"), public), "No such file"),
        ((str(file),), "python verify_proof.py"),
    ):
        code, said = run(*arguments)
        assert code == 1
        assert why in said
        assert "Traceback" not in said


def test_after_a_change_of_any_one_byte_it_proves_nothing(public: str) -> None:
    """Every byte of the file, each in two ways; every shorter file."""
    proof = made()
    assert verify_proof.check(proof, public)["payment"] == "P7"
    for position, byte in enumerate(proof):
        for other in {(byte + 1) % 256, byte ^ 0x20}:
            changed = proof[:position] + bytes([other]) + proof[position + 1 :]
            with pytest.raises(verify_proof.NotProven):
                verify_proof.check(changed, public)
        with pytest.raises(verify_proof.NotProven):
            verify_proof.check(proof[:position], public)


def test_what_fits_no_other_way_is_refused(public: str) -> None:
    """Entries of another payment, twice, out of order, or in a tree that nobody signed."""
    proof = json.loads(made())
    signer = keys.signer()
    assert signer
    other = json.loads(payment_proof("P5-", PREFIXES) or b"")
    entries = proof["entries"]
    unsigned = TreeHead(signer.name, 300, bytes(32))
    changes: tuple[dict[str, Any], ...] = (
        {"entries": [*entries, *other["entries"]]},
        {"entries": [*entries, entries[1]]},
        {"entries": entries[::-1]},
        {"entries": []},
        {"payment": "P5-"},
        {"checkpoint": signer.sign(str(unsigned))},
        {"v": 2},
        {"v": True},
        {"more": 1},
    )
    for change in changes:
        changed = json.dumps(proof | change, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"
        with pytest.raises(verify_proof.NotProven):
            verify_proof.check(changed, public)


def test_a_proof_waits_for_a_checkpoint_that_covers_it(public: str, folder: Path) -> None:
    samples.settled("P1")
    assert payment_proof("P1", PREFIXES) is None
    samples.seal_all()
    seen = (folder / "latest").read_bytes()
    samples.settled("P1")
    samples.seal_all()
    (folder / "latest").write_bytes(seen)
    proof = payment_proof("P1", PREFIXES)
    assert proof
    assert [entry["index"] for entry in verify_proof.check(proof, public)["entries"]] == [1]
    assert payment_proof("P2", PREFIXES) is None
    signer = keys.signer()
    assert signer
    (folder / "latest").write_text(signer.sign(str(TreeHead(signer.name, 2, bytes(32)))), encoding="utf-8")
    assert payment_proof("P1", PREFIXES) is None
    assert StoredTree().root(2)
