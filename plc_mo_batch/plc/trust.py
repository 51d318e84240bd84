"""Whom an OPC UA client trusts, and who it is: its certificates are not those of TLS, which OpenSSL judges by itself."""

import datetime
from collections.abc import Sequence
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from .address import one_spelling
from .sentences import Sentence, _lt
from .wire import ENCRYPT, SIGN, Endpoint, LinkError

_BAD_PAIR = _lt("Odoo's certificate and key are not in PEM format, do not match, or the key has a password")


def check_certificates(endpoint: Endpoint) -> None:
    """As far as that can be done without the PLC.

    :raise LinkError: ``setup`` if one is missing that is needed, or is none
    """
    if endpoint.login.security in (SIGN, ENCRYPT):
        certificate, key = own_certificate(endpoint)
        if certificate.public_key() != key.public_key():
            raise LinkError("setup", _BAD_PAIR)
        if endpoint.tls.verify and not endpoint.tls.ca:
            raise LinkError("setup", _lt("enter the PLC's certificate, or that of the authority that signed it"))


def application_of(certificate: str) -> str:
    """The application URI in a certificate in PEM form, which a client must say as well; empty if it has none."""
    if not certificate:
        return ""
    try:
        extensions = x509.load_pem_x509_certificate(certificate.encode()).extensions
        names = extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (ValueError, x509.ExtensionNotFound):
        return ""
    return next(iter(names.value.get_values_for_type(x509.UniformResourceIdentifier)), "")


def own_certificate(endpoint: Endpoint) -> tuple[Any, Any]:
    """Odoo's certificate and its key.

    :raise LinkError: ``setup`` if they are missing, or are none
    """
    tls = endpoint.tls
    if not tls.certificate or not tls.key:
        raise LinkError("setup", _lt("with security, Odoo needs a certificate and its key"))
    try:
        return x509.load_pem_x509_certificate(tls.certificate.encode()), load_pem_private_key(tls.key.encode(), None)
    except (ValueError, TypeError) as error:
        raise LinkError("setup", _BAD_PAIR) from error


def trusted(der: bytes, endpoint: Endpoint) -> Any:
    """The server's certificate, the first of what may be a chain.

    :raise LinkError: ``tls`` if it is not to be trusted
    """
    try:
        certificate = x509.load_der_x509_certificate(der[: int.from_bytes(der[2:4], "big") + 4])
        known = x509.load_pem_x509_certificates(endpoint.tls.ca.encode()) if endpoint.tls.ca else []
    except ValueError as error:
        raise LinkError("tls", _lt("its certificate cannot be read")) from error
    why = _distrust(certificate, known, endpoint) if endpoint.tls.verify else ""
    if why:
        raise LinkError("tls", _lt("its certificate is not trusted (%(why)s)", why=why))
    return certificate


def _distrust(certificate: Any, known: Sequence[Any], endpoint: Endpoint) -> Sentence | str:
    """Why not; empty if it is trusted."""
    now = datetime.datetime.now(datetime.timezone.utc)
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        return _lt("it is valid at another time")
    if certificate in known:
        return ""
    if not any(_is_issuer(authority, certificate) for authority in known):
        return _lt("it is not the one entered here, nor signed by it")
    name = endpoint.tls.server_name or endpoint.host
    return "" if one_spelling(name) in map(one_spelling, _names(certificate)) else _lt("it has not the name %(name)s", name=name)


def _is_issuer(authority: Any, certificate: Any) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
        return bool(authority.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False


def _names(certificate: Any) -> list[str]:
    """The hosts that a certificate names."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))]
