"""Token clients of Python. One line of JSON in, one out: {"client", "trust", "token"} -> {"accepted", "because"}.

The first line out tells which clients there are: {"PyJWT": "2.6.0-1+deb12u1", ...}, each with Debian's own revision, since
a security fix changes what a client does and not its version.
"""

import json
import subprocess
import sys
from urllib.request import urlopen


def pyjwt():
    import jwt

    def open_client(trust):
        keys = jwt.PyJWKClient(trust["jwksUri"])

        def verify(token):
            key = trust.get("secret") or keys.get_signing_key_from_jwt(token).key
            return jwt.decode(
                token, key, algorithms=[trust["alg"]], audience=trust["audience"], issuer=trust["issuer"]
            )

        return verify

    return version("python3-jwt"), open_client


def authlib():
    from authlib.jose import JsonWebKey, JsonWebToken

    def open_client(trust):
        secret = trust.get("secret")
        key = secret.encode() if secret else JsonWebKey.import_key_set(fetch(trust["jwksUri"]))
        expected = {
            "iss": {"essential": True, "value": trust["issuer"]},
            "aud": {"essential": True, "value": trust["audience"]},
            "exp": {"essential": True},
        }

        def verify(token):
            claims = JsonWebToken([trust["alg"]]).decode(token, key, claims_options=expected)
            claims.validate()
            return claims

        return verify

    return version("python3-authlib"), open_client


def jwcrypto():
    from base64 import urlsafe_b64encode

    from jwcrypto import jwk, jwt

    def open_client(trust):
        secret = trust.get("secret")
        if secret:
            key = jwk.JWK(kty="oct", k=urlsafe_b64encode(secret.encode()).decode().rstrip("="))
        else:
            key = jwk.JWKSet.from_json(json.dumps(fetch(trust["jwksUri"])))
        expected = {"iss": trust["issuer"], "aud": trust["audience"], "exp": None}

        def verify(token):
            checked = jwt.JWT(jwt=token, key=key, algs=[trust["alg"]], check_claims=expected)
            return json.loads(checked.claims)

        return verify

    return version("python3-jwcrypto"), open_client


def version(package):
    asked = ["dpkg-query", "--show", "--showformat=${Version}", package]
    return subprocess.run(asked, check=True, capture_output=True, text=True).stdout


def fetch(url):
    with urlopen(url) as response:
        return json.load(response)


def say(value):
    print(json.dumps(value), flush=True)


def main():
    clients, versions = {}, {}
    for name, make in (("PyJWT", pyjwt), ("Authlib", authlib), ("jwcrypto", jwcrypto)):
        try:
            versions[name], clients[name] = make()
        except ImportError:
            pass
    say(versions)
    opened = {}
    for line in sys.stdin:
        asked = json.loads(line)
        known = (asked["client"], json.dumps(asked["trust"]))
        try:
            if known not in opened:
                opened[known] = clients[asked["client"]](asked["trust"])
            say({"accepted": True, "because": str(opened[known](asked["token"]).get("sub"))})
        except Exception as error:  # whatever a client throws is its refusal
            say({"accepted": False, "because": f"{type(error).__name__}: {error}"})


main()
