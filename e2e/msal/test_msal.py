"""MSAL for Python, unchanged, signs a member, a guest and a daemon in, refreshes, and reads the claims."""

import unittest

import msal
import requests

from demo import Demo, application, tenant_id
from pages import Person

REDIRECT = "http://localhost"
SCOPE = ["api://payroll/access_as_user"]


class Msal(unittest.TestCase):
    """One demo for all of them."""

    @classmethod
    def setUpClass(cls):
        cls.demo = Demo()
        cls.addClassCleanup(cls.demo.stop)
        cls.contoso = tenant_id("contoso")

    def public_client(self, tenant=None):
        """Payroll's mobile application, at one tenant; MSAL reads discovery by itself."""
        client, _ = application("contoso", "Payroll mobile")
        authority = f"{self.demo.address}/{tenant or self.contoso}"
        return msal.PublicClientApplication(client, authority=authority, instance_discovery=False, verify=self.demo.authority)

    def sign_in(self, client, name):
        """The code flow with PKCE, as MSAL runs it; the person walks the pages."""
        person = Person(name, self.demo.authority)
        flow = client.initiate_auth_code_flow(SCOPE, redirect_uri=REDIRECT, login_hint=name)
        answer = person.walk(flow["auth_uri"], REDIRECT)
        result = client.acquire_token_by_auth_code_flow(flow, answer)
        self.assertNotIn("error", result, result)
        return person, result

    def test_a_member_signs_in_and_the_claims_say_so(self):
        person, result = self.sign_in(self.public_client(), "dave@contoso.example")
        claims = result["id_token_claims"]
        self.assertEqual(claims["tid"], self.contoso)
        self.assertEqual(claims["iss"], f"{self.demo.address}/{self.contoso}/v2.0")
        self.assertEqual(claims["preferred_username"], "dave@contoso.example")
        self.assertEqual(claims["ver"], "2.0")
        self.assertTrue(claims["oid"] and claims["sub"] and claims["oid"] != claims["sub"])
        self.assertNotIn("code", person.seen)

    def test_a_guest_proves_herself_at_home_and_the_token_is_the_resource_tenants(self):
        person, result = self.sign_in(self.public_client(), "ada@fabrikam.example")
        claims = result["id_token_claims"]
        self.assertEqual(claims["tid"], self.contoso)
        self.assertIn(tenant_id("fabrikam"), claims["idp"])
        self.assertIn("code", person.seen)

    def test_a_silent_call_refreshes_and_the_account_is_known(self):
        client = self.public_client()
        _, first = self.sign_in(client, "carol@contoso.example")
        (account,) = client.get_accounts()
        self.assertEqual(account["username"], "carol@contoso.example")
        again = client.acquire_token_silent(SCOPE, account=account, force_refresh=True)
        self.assertIsNotNone(again)
        self.assertNotIn("error", again, again)
        self.assertNotEqual(first["access_token"], again["access_token"])

    def test_a_daemon_reads_the_sign_in_log(self):
        client, secret = application("contoso", "Sign-in report")
        authority = f"{self.demo.address}/{self.contoso}"
        daemon = msal.ConfidentialClientApplication(
            client, client_credential=secret, authority=authority, instance_discovery=False, verify=self.demo.authority
        )
        result = daemon.acquire_token_for_client(["https://graph.microsoft.com/.default"])
        self.assertIn("access_token", result, result)
        headers = {"authorization": "Bearer " + result["access_token"]}
        url = f"{self.demo.address}/v1.0/auditLogs/signIns"
        answer = requests.get(url, headers=headers, verify=self.demo.authority, timeout=10)
        self.assertEqual(answer.status_code, 200, answer.text)
        self.assertIsInstance(answer.json()["value"], list)
        self.assertEqual(requests.get(url, verify=self.demo.authority, timeout=10).status_code, 401)

    def test_a_daemon_with_a_wrong_secret_gets_nothing(self):
        client, _ = application("contoso", "Sign-in report")
        authority = f"{self.demo.address}/{self.contoso}"
        daemon = msal.ConfidentialClientApplication(
            client, client_credential="wrong", authority=authority, instance_discovery=False, verify=self.demo.authority
        )
        result = daemon.acquire_token_for_client(["https://graph.microsoft.com/.default"])
        self.assertEqual(result["error"], "invalid_client")
        self.assertNotIn("access_token", result)


if __name__ == "__main__":
    unittest.main()
