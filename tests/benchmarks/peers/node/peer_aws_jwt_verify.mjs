// aws-jwt-verify: CognitoJwtVerifier, with its keys fetched before.

import { CognitoJwtVerifier } from "aws-jwt-verify";
import { SimpleJwksCache } from "aws-jwt-verify/jwk";
import { LEEWAY, caseOf, serve } from "./kit.mjs";

const given = caseOf("cognito");
// It asks AWS's own hosts. Its fetcher is the seam for another: this one leads to the test server.
const fetcher = { fetch: async () => (await fetch(given.jwks_uri)).arrayBuffer() };
const verifier = CognitoJwtVerifier.create(
  { userPoolId: given.user_pool_id, tokenUse: "access", clientId: given.client_id, graceSeconds: LEEWAY },
  { jwksCache: new SimpleJwksCache({ fetcher }) },
);
await verifier.hydrate();
await serve("aws-jwt-verify", "cognito", [
  { name: "aws-jwt-verify, verifySync", verify: (token) => verifier.verifySync(token) },
  { name: "aws-jwt-verify, verify", verify: (token) => verifier.verify(token), awaited: true },
]);
