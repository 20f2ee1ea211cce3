"""The vault: what the database keeps can't be read without the installation's secret, and outlives a change of it."""

from __future__ import annotations

from academy.kernel.vault import Vault

OLD, NEW = "the secret of last year, long", "the secret of this year, long"


def test_what_was_sealed_is_opened_again_and_reads_as_nothing_meanwhile() -> None:
    vault = Vault([NEW])
    sealed = vault.seal("JBSWY3DPEHPK3PXP")
    assert "JBSWY3DPEHPK3PXP" not in sealed
    assert vault.open(sealed) == "JBSWY3DPEHPK3PXP"
    assert vault.seal("JBSWY3DPEHPK3PXP") != sealed


def test_an_old_secret_still_opens_and_a_foreign_one_does_not() -> None:
    sealed = Vault([OLD]).seal("a secret")
    assert Vault([NEW, OLD]).open(sealed) == "a secret"
    assert Vault([NEW]).open(sealed) is None
    assert Vault([NEW]).open("no seal at all") is None
    assert Vault([NEW]).open(sealed[:-6] + "AAAA==") is None


def test_what_is_resealed_needs_the_old_secret_no_more() -> None:
    sealed = Vault([OLD]).seal("a secret")
    again = Vault([NEW, OLD]).resealed(sealed)
    assert again is not None
    assert Vault([NEW]).open(again) == "a secret"
    assert Vault([NEW, OLD]).resealed(again) is None
    assert Vault([NEW]).resealed(sealed) is None
