import { testMistakes } from './planted-mistakes.ts'

testMistakes([
  {
    title: 'a misspelt step',
    source: 'responder:\n  - extractor: http_res_body\n    transforms:\n      - jwt_rsign\n',
    at: '4:9',
    message: 'There is no step "jwt_rsign"',
    hint: 'Did you mean "jwt_resign"?',
  },
  {
    title: 'a step without its colon',
    source:
      'responder:\n  - extractor: http_res_body\n    transforms:\n      - json_path access_token\n      - jwt_resign\n',
    at: '4:9',
    message: 'There is no step "json_path access_token"',
    hint: 'Write "json_path: access_token", with a colon.',
  },
  {
    title: 'a step that is none',
    source:
      'responder:\n  - extractor: http_res_body\n    transforms:\n      - { type: json_pth, config: { path: x } }\n',
    at: '4:17',
    message: 'There is no step "json_pth"',
    hint: 'Did you mean "json_path"?',
  },
  {
    title: 'a number in the place of a step',
    source: 'responder:\n  - extractor: http_res_body\n    transforms:\n      - 5\n',
    at: '4:9',
    message: '"transforms[0]" of a chain must be text or a map, not 5',
    hint: 'For example: {"json_path":"access_token"}, "jwt_resign".',
  },
  {
    title: 'options not indented under their step',
    source:
      'responder:\n  - extractor: http_res_body\n    transforms:\n      - jwt_resign:\n        secretPath: a/b\n',
    at: '5:9',
    message: 'A step must be a map of one word, and this one has 2 keys',
    hint: 'Indent "secretPath" under jwt_resign.',
  },
  {
    title: 'two steps in one list item',
    source:
      'responder:\n  - extractor: http_res_body\n    transforms:\n      - json_path: a\n        jwks: {}\n',
    at: '5:9',
    message: 'A step must be a map of one word, and this one has 2 keys',
    hint: 'Write each word as a list item of its own.',
  },
  {
    title: 'an option beside type',
    source:
      'responder:\n  - extractor: http_res_body\n    transforms:\n      - { type: jwt_resign, secretPath: a }\n',
    at: '4:29',
    message: '"secretPath" cannot stand beside "type"',
    hint: 'Put it into "config".',
  },
  {
    title: 'a JSON path that ends early',
    source:
      'responder:\n  - extractor: http_res_body\n    transforms:\n      - json_path: a..\n      - jwks\n',
    at: '4:23',
    message: '"path" of json_path ends before it names anything',
    hint: 'Name a member behind the dot.',
  },
  {
    title: 'a quoted JSON path with a slip in the middle',
    source:
      'responder:\n  - extractor: http_res_body\n    transforms:\n      - json_path: "$.a.#.b"\n      - jwks\n',
    at: '4:25',
    message: '"path" of json_path has a #, which is gjson',
    hint: 'Write [*] for every item of a list.',
  },
  {
    title: 'a JSON path step without its path',
    source: 'responder:\n  - extractor: http_res_body\n    transforms:\n      - json_path:\n      - jwks\n',
    at: '4:9',
    message: 'json_path lacks "path"',
    hint: 'For example: "access_token", "$..id_token", "$[\'data\'].tokens[*].jwt".',
  },
  {
    title: 'a claim step without its claim',
    source:
      'responder:\n  - extractor: http_res_body\n    transforms:\n      - jwt_claim: {}\n      - jwks\n',
    at: '4:20',
    message: 'jwt_claim lacks "claim"',
    hint: 'For example: "act_token", "nonce".',
  },
  {
    title: 'something else to find',
    source: 'responder:\n  - extractor: http_res_body\n    transforms:\n      - find: jwts\n      - jwks\n',
    at: '4:15',
    message: '"what" of find must be jwt, not "jwts"',
    hint: 'Did you mean "jwt"?',
  },
  {
    title: 'a misspelt option',
    source:
      'responder:\n  - extractor: http_res_body\n    transforms:\n      - jwt_resign: { secretPat: a/b }\n',
    at: '4:23',
    message: '"secretPat" is not a key of jwt_resign',
    hint: 'Did you mean "secretPath"?',
  },
  {
    title: 'an unknown option with a secret',
    source:
      'responder:\n  - extractor: http_res_body\n    transforms:\n      - jwt_resign: { secret: hunter2 }\n',
    at: '4:23',
    message: '"secret" is not a key of jwt_resign',
    hint: 'The keys are secretPath, issuer, keys, passphrasePath, encoding, trim, alg, kid, proofs, header, claims, time, timeClaims, transition, prefixes.',
  },
  {
    title: 'a key in the place of its path',
    source:
      'responder:\n  - extractor: http_res_body\n    transforms:\n      - jwt_resign:\n          secretPath: |\n            -----BEGIN PRIVATE KEY-----\n            MIIE\n',
    at: '5:23',
    message: '"secretPath" of jwt_resign must be the path of a file, and holds its content',
    hint: 'Put the key in a file of the secrets directory and name that file here.',
  },
  {
    title: 'an unknown algorithm',
    source: 'responder:\n  - extractor: http_res_body\n    transforms:\n      - jwt_resign: { alg: RS25 }\n',
    at: '4:28',
    message: '"alg" of jwt_resign must be keep, auto or the name of an algorithm, not "RS25"',
    hint: 'Did you mean "RS256"?',
  },
  {
    title: 'an unknown encoding',
    source:
      'responder:\n  - extractor: http_res_body\n    transforms:\n      - jwt_resign: { secretPath: a, encoding: base46 }\n',
    at: '4:48',
    message: '"encoding" of jwt_resign must be raw, base64, base64url or hex, not "base46"',
    hint: 'Did you mean "base64"?',
  },
  {
    title: 'an encoding without a secret',
    source:
      'responder:\n  - extractor: http_res_body\n    transforms:\n      - jwt_resign: { encoding: hex }\n',
    at: '4:33',
    message: '"encoding" of jwt_resign is about a secret file, and there is none',
    hint: 'Add secretPath, or remove encoding.',
  },
  {
    title: 'a kid that is a number',
    source: 'responder:\n  - extractor: http_res_body\n    transforms:\n      - jwt_resign: { kid: 5 }\n',
    at: '4:28',
    message: '"kid" of jwt_resign must be auto, keep, thumbprint, remove or a map, not 5',
    hint: 'For example: "keep", {"value":"key-1"}.',
  },
  {
    title: 'a misspelt kid value',
    source:
      'responder:\n  - extractor: http_res_body\n    transforms:\n      - jwt_resign: { kid: { valu: a } }\n',
    at: '4:30',
    message: '"valu" is not a key of "kid" of jwt_resign',
    hint: 'Did you mean "value"?',
  },
  {
    title: 'a duration without a unit',
    source:
      'responder:\n  - extractor: http_res_body\n    transforms:\n      - jwt_resign: { time: { ttl: 15 } }\n',
    at: '4:36',
    message: '"time.ttl" of jwt_resign must be text, not 15',
    hint: 'For example: "15m", "24h".',
  },
  {
    title: 'a duration that is none',
    source:
      'responder:\n  - extractor: http_res_body\n    transforms:\n      - jwt_resign: { time: { ttl: soon } }\n',
    at: '4:36',
    message: '"time.ttl" of jwt_resign is not a duration',
    hint: 'Write a number and a unit: 250ms, 30s, 15m, 24h, 2d or 1h30m.',
  },
  {
    title: 'a misspelt word for time',
    source: 'responder:\n  - extractor: http_res_body\n    transforms:\n      - jwt_resign: { time: shft }\n',
    at: '4:29',
    message: '"time" of jwt_resign must be shift, keep or a map, not "shft"',
    hint: 'Did you mean "shift"?',
  },
  {
    title: 'claims as text',
    source:
      'responder:\n  - extractor: http_res_body\n    transforms:\n      - jwt_resign: { claims: a=b }\n',
    at: '4:31',
    message: '"claims" of jwt_resign must be a map, not "a=b"',
    hint: 'For example: {"set":{"admin":true},"delete":["nonce"]}.',
  },
  {
    title: 'a claim that is set and removed',
    source:
      'responder:\n  - extractor: http_res_body\n    transforms:\n      - jwt_resign: { claims: { set: { a: 1 }, delete: [a] } }\n',
    at: '4:57',
    message: '"claims.delete[0]" of jwt_resign removes "a", which is also set',
    hint: 'Keep one of the two.',
  },
  {
    title: 'alg among the header parameters',
    source:
      'responder:\n  - extractor: http_res_body\n    transforms:\n      - jwt_resign: { header: { set: { alg: none } } }\n',
    at: '4:45',
    message: '"header.set.alg" of jwt_resign cannot change alg',
    hint: 'Use the option alg of jwt_resign.',
  },
  {
    title: "Speedscale's claims without values",
    source:
      'responder:\n  - extractor: http_res_body\n    transforms:\n      - { type: jwt_resign, config: { claims: abc } }\n',
    at: '4:47',
    message: '"claims" of jwt_resign is not key1=val1,key2=val2',
    hint: 'Write claims: {set: {name: value}}.',
  },
])
