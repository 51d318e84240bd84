"""Whom Odoo trusts over OPC UA, and who it is: certificates by themselves, without a server."""

from datetime import datetime, timedelta, timezone
from unittest.mock import patch

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import NameOID

from odoo.tests import BaseCase, tagged

from ...plc import trust
from ...plc.wire import Endpoint, LinkError, Login, Tls
from ..wires import Authority

OURS = "urn:odoo:plc_mo_batch"
BAD_PAIR = "Odoo's certificate and key are not in PEM format, do not match, or the key has a password"
NEEDED = "with security, Odoo needs a certificate and its key"
STRANGER = "it is not the one entered here, nor signed by it"
ANOTHER_TIME = "it is valid at another time"
UNREADABLE = "its certificate cannot be read"


def der(pem):
    return x509.load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER)


def endpoint(host="10.0.0.7", security="encrypt", **tls):
    return Endpoint(host, login=Login(security), tls=Tls(**tls))


class TrustCase(BaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.authority, cls.stranger = Authority("plant"), Authority("stranger")
        cls.ca = cls.authority.own.certificate
        cls.plc = cls.authority.issue("mill", "10.0.0.7")


@tagged("post_install", "-at_install")
class TestTrusted(TrustCase):
    def why(self, certificate, *chain, **values):
        """Why it is not trusted; empty if it is."""
        sent = b"".join(der(pem) for pem in (certificate, *chain))
        return self.why_of(sent, endpoint(**{"ca": self.ca, **values}))

    def why_of(self, sent, asked):
        try:
            found = trust.trusted(sent, asked)
        except LinkError as error:
            self.assertEqual(error.kind, "tls")
            return str(error.detail).removeprefix("its certificate is not trusted (").removesuffix(")")
        self.assertEqual(found.public_bytes(Encoding.DER), sent[: len(found.public_bytes(Encoding.DER))])
        return ""

    def test_by_whom_it_is_signed(self):
        ours, other = self.plc.certificate, self.stranger.issue("mill", "10.0.0.7").certificate
        both = self.stranger.own.certificate + self.ca
        for certificate, ca, why in (
            (ours, self.ca, ""),
            (ours, both, ""),  # either of several
            (other, both, ""),
            (ours, ours, ""),  # itself
            (other, ours, STRANGER),
            (other, self.ca, STRANGER),
            (ours, "", STRANGER),  # nobody is trusted by default
            (ours, self.authority.issue("mill", "10.0.0.7").certificate, STRANGER),  # of the same authority, but another one
            (self.namesake(self.plc), self.plc.certificate, STRANGER),  # signed by it, but it is no authority
        ):
            self.assertEqual(self.why(certificate, ca=ca), why)

    def namesake(self, issuer):
        """A certificate that a PLC signed for itself as for another."""
        fake = Authority("mill")
        fake._key = load_pem_private_key(issuer.key.encode(), None)
        return fake.issue("mill", "10.0.0.7").certificate

    def test_one_without_constraints_signs_nothing(self):
        """A certificate of an old tool that does not say whether it is an authority."""
        plain = self.authority._sign(self.authority._name, self.authority._key, []).certificate
        self.assertEqual(self.why(self.plc.certificate, ca=plain), STRANGER)
        self.assertEqual(self.why(self.plc.certificate, ca=plain + self.ca), "")

    def test_what_is_sent_may_be_a_chain(self):
        self.assertEqual(self.why(self.plc.certificate, self.ca), "")
        self.assertEqual(self.why(self.stranger.issue("mill", "10.0.0.7").certificate, self.ca), STRANGER)

    def test_what_is_no_certificate(self):
        good = der(self.plc.certificate)
        for sent in (b"", b"\x30", b"abcd", good[:-1], good[:10]):
            with self.subTest(sent[:5]):
                self.assertEqual(self.why_of(sent, endpoint(ca=self.ca)), UNREADABLE)
                self.assertEqual(self.why_of(sent, endpoint(ca="", verify=False)), UNREADABLE)
        broken = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----"
        self.assertEqual(self.why(self.plc.certificate, ca=broken), UNREADABLE)

    def test_the_name(self):
        """It counts where an authority vouches; the certificate itself may have any."""
        named, numbered = self.authority.issue("Mill.Example").certificate, self.plc.certificate
        six = self.authority.issue("six", "2001:db8::7").certificate
        for certificate, host, server_name, why in (
            (numbered, "10.0.0.7", "", ""),
            (numbered, "10.0.0.8", "", "it has not the name 10.0.0.8"),
            (numbered, "10.0.0.8", "10.0.0.7", ""),
            (numbered, "10.0.0.7", "mill", "it has not the name mill"),
            (named, "mill.example", "", ""),  # names have no case
            (named, "10.0.0.7", "MILL.example.", ""),
            (named, "example", "", "it has not the name example"),
            (six, "2001:DB8:0::7", "", ""),
            (six, "2001:db8::8", "", "it has not the name 2001:db8::8"),
            (self.nameless(), "10.0.0.7", "", "it has not the name 10.0.0.7"),
        ):
            with self.subTest(host, server_name=server_name):
                self.assertEqual(self.why(certificate, host=host, server_name=server_name), why)
                self.assertEqual(self.why(certificate, host=host, server_name=server_name, ca=certificate), "")

    def nameless(self):
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "10.0.0.7")])  # which is no name of a host
        return self.authority._sign(subject, key, []).certificate

    def test_it_expires(self):
        """To the second, at both ends, itself entered or signed; nobody asks where nothing is checked."""
        certificate = self.authority.issue("mill", "10.0.0.7").certificate
        read = x509.load_pem_x509_certificate(certificate.encode())
        begin, end, second = read.not_valid_before_utc, read.not_valid_after_utc, timedelta(seconds=1)
        for now, why in ((begin - second, ANOTHER_TIME), (begin, ""), (end, ""), (end + second, ANOTHER_TIME)):
            with self.subTest(now), patch.object(trust.datetime, "datetime", wraps=datetime) as clock:
                clock.now.side_effect = now.astimezone
                self.assertEqual(self.why(certificate), why)
                self.assertEqual(self.why(certificate, ca=certificate), why)
                self.assertEqual(self.why(certificate, verify=False, ca=""), "")
                clock.now.assert_called_with(timezone.utc)

    def test_nothing_is_checked(self):
        other = self.stranger.issue("other", "10.0.0.9", -7200, -3600).certificate
        self.assertEqual(self.why(other, verify=False), "")
        self.assertEqual(self.why(other), ANOTHER_TIME)


@tagged("post_install", "-at_install")
class TestOurs(TrustCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ours = cls.authority.application(OURS)
        cls.own = {"certificate": cls.ours.certificate, "key": cls.ours.key, "ca": cls.ca}

    def complaint(self, check, **values):
        security = values.pop("security", "encrypt")
        try:
            check(endpoint(security=security, **{**self.own, **values}))
        except LinkError as error:
            self.assertEqual((error.kind, error.writing), ("setup", False))
            return str(error.detail)
        return ""

    def test_table(self):
        key = load_pem_private_key(self.ours.key.encode(), None)
        locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")).decode()
        for values, reading, checking in (
            ({}, "", ""),
            ({"certificate": ""}, NEEDED, NEEDED),
            ({"key": ""}, NEEDED, NEEDED),
            ({"certificate": "", "key": ""}, NEEDED, NEEDED),
            ({"certificate": "x"}, BAD_PAIR, BAD_PAIR),
            ({"key": "x"}, BAD_PAIR, BAD_PAIR),
            ({"key": locked}, BAD_PAIR, BAD_PAIR),
            ({"key": self.plc.key}, "", BAD_PAIR),  # another's
            ({"ca": ""}, "", "enter the PLC's certificate, or that of the authority that signed it"),
            ({"ca": "", "verify": False}, "", ""),
            ({"key": self.plc.key, "verify": False}, "", BAD_PAIR),
        ):
            with self.subTest(values=list(values)):
                self.assertEqual(self.complaint(trust.own_certificate, **values), reading)
                for security in ("sign", "encrypt"):
                    self.assertEqual(self.complaint(trust.check_certificates, security=security, **values), checking)
                self.assertEqual(self.complaint(trust.check_certificates, security="none", **values), "")

    def test_what_is_read(self):
        certificate, key = trust.own_certificate(endpoint(**self.own))
        self.assertEqual(certificate.public_bytes(Encoding.PEM).decode(), self.ours.certificate)
        self.assertEqual(certificate.public_key(), key.public_key())

    def test_the_application(self):
        for certificate, uri in ((self.ours.certificate, OURS), (self.plc.certificate, ""), (self.ca, ""), ("", ""), ("x", "")):
            self.assertEqual(trust.application_of(certificate), uri)
