"""The addresses that users enter or paste are normalized."""

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.metering_hub.backends.common.url import normalize_url
from custom_components.metering_hub.backends.errors import InvalidUrlError

API = frozenset({"api"})
PAGES = frozenset({"api", "admin", "dashboard"})


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        # Without a scheme.
        ("192.168.1.5", "http://192.168.1.5"),
        ("192.168.1.5:8888", "http://192.168.1.5:8888"),
        ("meter.local", "http://meter.local"),
        ("meter.local:8888/", "http://meter.local:8888"),
        ("localhost", "http://localhost"),
        ("//meter.local:8888", "http://meter.local:8888"),
        ("meter:", "http://meter"),
        # Surrounding slashes and whitespace.
        ("http://meter/", "http://meter"),
        ("http://meter///", "http://meter"),
        ("http://meter//dsmr//", "http://meter/dsmr"),
        ("  http://meter  ", "http://meter"),
        ("http://meter\n", "http://meter"),
        ("\thttp://meter/\r\n", "http://meter"),
        # Schemes and ports.
        ("https://meter", "https://meter"),
        ("HTTPS://meter", "https://meter"),
        ("https://meter:8443/", "https://meter:8443"),
        ("http://meter:80", "http://meter"),
        ("https://meter:443", "https://meter"),
        ("http://meter:443", "http://meter:443"),
        ("https://meter:80", "https://meter:80"),
        ("http://meter:65535", "http://meter:65535"),
        # Hosts.
        ("http://METER.Local", "http://meter.local"),
        ("http://meter.example.", "http://meter.example."),
        ("http://my_meter", "http://my_meter"),
        ("bücher.example", "http://xn--bcher-kva.example"),
        ("http://BÜCHER.example:1", "http://xn--bcher-kva.example:1"),
        ("http://xn--bcher-kva.example", "http://xn--bcher-kva.example"),
        ("[::1]:8888", "http://[::1]:8888"),
        ("http://[FD00::5]/", "http://[fd00::5]"),
        ("https://[fe80::1]:8443/dsmr/", "https://[fe80::1]:8443/dsmr"),
        # Query and fragment.
        ("http://meter?x=1", "http://meter"),
        ("http://meter/#/login", "http://meter"),
        ("http://meter/dsmr/?next=/admin/#top", "http://meter/dsmr"),
        ("http://meter/?next=http://elsewhere/", "http://meter"),
        # Prefix paths are kept.
        ("http://meter/dsmr", "http://meter/dsmr"),
        ("meter/a/b/", "http://meter/a/b"),
        ("http://meter/DSMR", "http://meter/DSMR"),
        ("http://meter/a%20b", "http://meter/a%20b"),
        ("http://meter/é", "http://meter/%C3%A9"),
        ("http://meter/a/../b/./c", "http://meter/b/c"),
        # API paths are cut off.
        ("http://meter/api", "http://meter"),
        ("http://meter/api/", "http://meter"),
        ("http://meter:8888/api/v2/consumption/today", "http://meter:8888"),
        ("http://meter/dsmr/api/v2/x?limit=1", "http://meter/dsmr"),
        ("http://meter/API/v1", "http://meter"),
        ("http://meter/rapid/x", "http://meter/rapid/x"),
        ("http://api.meter.example/", "http://api.meter.example"),
        ("http://meter/api/x/api/y", "http://meter"),
    ],
)
def test_address(typed: str, url: str) -> None:
    assert normalize_url(typed, page_segments=API) == url


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "/",
        "//",
        ":",
        "?",
        "#",
        "http://",
        "https://",
        "http:///",
        "http://:80",
        "http://?x=1",
        "://meter",
    ],
)
def test_no_host(typed: str) -> None:
    with pytest.raises(InvalidUrlError):
        normalize_url(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "http://my meter",
        "my meter",
        "http://meter/my path",
        "http:// meter",
        "http://meter: 80",
        "http://me\tter",
        "http://me\nter",
        "http://me\u00a0ter",
    ],
)
def test_whitespace_inside(typed: str) -> None:
    with pytest.raises(InvalidUrlError):
        normalize_url(typed)


@pytest.mark.parametrize("port", ["0", "65536", "99999", "-1", "abc", "80:80", "8.8"])
@pytest.mark.parametrize("start", ["meter:", "http://meter:", "https://[::1]:"])
def test_invalid_port(start: str, port: str) -> None:
    with pytest.raises(InvalidUrlError):
        normalize_url(f"{start}{port}")


@pytest.mark.parametrize(
    "typed",
    [
        "user:password@meter",
        "http://user:password@meter",
        "https://user@meter:8443/api",
        "http://:password@meter",
        "http://user:@meter",
        "user@meter",
    ],
)
def test_credentials_inside(typed: str) -> None:
    with pytest.raises(InvalidUrlError) as raised:
        normalize_url(typed)
    assert str(raised.value) == "not an address"


@pytest.mark.parametrize(
    "typed",
    [
        "ftp://meter",
        "ws://meter",
        "file:///etc/passwd",
        "mqtt://meter:1883",
        "javascript://meter",
        "mailto:someone@example.com",
        "http:\\\\meter",
    ],
)
def test_other_schemes(typed: str) -> None:
    with pytest.raises(InvalidUrlError):
        normalize_url(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "::1",
        "fe80::1",
        "http://[::1",
        "http://[meter]",
        "http://xn--a",
        "http://" + "é" * 80,
        "http://\u2100.example",
        "http://me\u200bter",
    ],
)
def test_invalid_host(typed: str) -> None:
    with pytest.raises(InvalidUrlError):
        normalize_url(typed)


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("api.example", "https://api.example"),
        ("//api.example", "https://api.example"),
        ("http://api.example", "http://api.example"),
        ("api.example:443", "https://api.example"),
    ],
)
def test_default_scheme(typed: str, url: str) -> None:
    assert normalize_url(typed, default_scheme="https") == url


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("http://meter/admin/", "http://meter"),
        ("http://meter/dsmr/dashboard", "http://meter/dsmr"),
        ("http://meter/dsmr/Admin/login/?next=/", "http://meter/dsmr"),
        ("http://meter/dsmr/other", "http://meter/dsmr/other"),
    ],
)
def test_page_segments(typed: str, url: str) -> None:
    assert normalize_url(typed, page_segments=PAGES) == url


def test_path_is_kept_without_page_segments() -> None:
    assert normalize_url("http://meter/api/v2/") == "http://meter/api/v2"


@settings(deadline=None)
@given(st.text() | st.builds("http://{}/{}".format, st.text(), st.text()))
def test_any_text_is_an_address_or_an_error(typed: str) -> None:
    try:
        url = normalize_url(typed)
    except InvalidUrlError:
        return
    assert url.startswith(("http://", "https://"))
    assert not url.endswith("/")


@settings(deadline=None)
@given(
    st.sampled_from(["", "http://", "HTTPS://"]),
    st.sampled_from(["meter", "Bücher.example", "[::1]", "10.0.0.1"]),
    st.sampled_from(["", ":80", ":443", ":8888"]),
    st.lists(st.text("aZ09-._~é/ßÅ"), max_size=4).map("/".join),
)
def test_normalized_address_does_not_change(
    scheme: str, host: str, port: str, path: str
) -> None:
    url = normalize_url(f"{scheme}{host}{port}/{path}")
    assert normalize_url(url) == url
