"""Walks the pages of a sign-in as a person would: reads each form, answers it, until the client's address is reached."""

import base64
import hashlib
import hmac
import html.parser
import struct
import time
import urllib.parse

import requests

import demo

STEPS_MAX = 20
STEP_SECONDS = 30


class Person:
    """Somebody of the demo world, with a browser of their own."""

    _used = {}

    def __init__(self, name, certificate_authority):
        tenant = name.split("@")[1].split(".")[0]
        credentials = demo.read(tenant, "credentials")
        own = lambda entries: [entry for entry in entries if entry["userPrincipalName"] == name]
        self.name = name
        self.password = own(credentials["passwords"])[0]["password"]
        self.seeds = {demo.tenant_id(tenant): entry["secretBase32"] for entry in own(credentials.get("totp", []))}
        self.seen = []
        self._browser = requests.Session()
        self._browser.verify = certificate_authority

    def walk(self, url, until):
        """Follows redirects and answers forms until the browser is sent to `until`; answers the parameters it brings."""
        response = self._browser.get(url, allow_redirects=False)
        for _ in range(STEPS_MAX):
            location = response.headers.get("location")
            if location:
                url = urllib.parse.urljoin(url, location)
                if url.startswith(until):
                    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
                response = self._browser.get(url, allow_redirects=False)
                continue
            form = _Form.read(response.text)
            if form.action is None:
                raise AssertionError(f"{response.status_code}: a page without a form: {response.text}")
            self.seen.append(form.fields["form"])
            self._answer(form)
            url = urllib.parse.urljoin(url, form.action)
            origin = "{0.scheme}://{0.netloc}".format(urllib.parse.urlsplit(url))
            response = self._browser.post(url, data=form.fields, headers={"origin": origin}, allow_redirects=False)
        raise AssertionError(f"no end after {STEPS_MAX} steps: {self.seen}")

    def _answer(self, form):
        answers = {
            "user-name": lambda: {"name": self.name},
            "password": lambda: {"password": self.password},
            "code": lambda: {"code": self._code(form)},
            "account": lambda: {"session": "other"},
            "consent": lambda: {"choice": "accept"},
            "stay-signed-in": lambda: {"choice": "leave"},
        }
        form.fields.update(answers[form.fields["form"]]())

    def _code(self, form):
        tenant = urllib.parse.urlsplit(form.action).path.split("/")[1]
        if form.key:
            self.seeds[tenant] = form.key.replace(" ", "")
        return _fresh_code(self.seeds[tenant], self._used)


class _Form(html.parser.HTMLParser):
    """The posted form of a page: where it goes, its hidden fields, and the key of an authenticator if it shows one."""

    def __init__(self):
        super().__init__()
        self.action = None
        self.fields = {}
        self.key = ""
        self._in_key = False

    @classmethod
    def read(cls, text):
        form = cls()
        form.feed(text)
        return form

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form" and attrs.get("method") == "post":
            self.action = attrs["action"]
        if tag == "input" and attrs.get("type") == "hidden":
            self.fields[attrs["name"]] = attrs["value"]
        self._in_key = attrs.get("id") == "key"

    def handle_data(self, data):
        if self._in_key:
            self.key += data

    def handle_endtag(self, tag):
        self._in_key = False


def _fresh_code(seed, used):
    """A code of a time step that was not used before (RFC 6238)."""
    step = int(time.time()) // STEP_SECONDS
    while step <= used.get(seed, 0):
        time.sleep(0.25)
        step = int(time.time()) // STEP_SECONDS
    used[seed] = step
    digest = hmac.new(base64.b32decode(seed), struct.pack(">Q", step), hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    return f"{(struct.unpack_from('>I', digest, offset)[0] & 0x7FFFFFFF) % 1_000_000:06}"
