import { testMistakes } from './planted-mistakes.ts'

testMistakes([
  {
    title: 'a misspelt key of the document',
    source: 'respnder: []\n',
    at: '1:1',
    message: '"respnder" is not a key of a transform document',
    hint: 'Did you mean "responder"?',
  },
  {
    title: 'a key of another product',
    source: 'generator: []\n',
    at: '1:1',
    message: '"generator" is not a key of a transform document',
    hint: 'The keys are $schema, version, id, issuers, match, redact, faults, responder.',
  },
  {
    title: 'a version from the future',
    source: 'version: 2\n',
    at: '1:10',
    message: '"version" of a transform document must be 1, not 2',
    hint: 'For example: 1.',
  },
  {
    title: 'a list in the place of the document',
    source: '- id: login\n',
    at: '1:1',
    message: 'A transform document must be a map, not a list',
    hint: 'For example: {"version":1,"responder":[]}.',
  },
  {
    title: 'text in the place of the document',
    source: 'hello\n',
    at: '1:1',
    message: 'A transform document must be a map, not "hello"',
    hint: 'For example: {"version":1,"responder":[]}.',
  },
  {
    title: 'a misspelt key under match',
    source: 'match: { ignroe: {} }\n',
    at: '1:10',
    message: '"ignroe" is not a key of "match" of a transform document',
    hint: 'Did you mean "ignore"?',
  },
  {
    title: 'a number in the place of names',
    source: 'match: { ignore: { query: 5 } }\n',
    at: '1:27',
    message: '"match.ignore.query" of a transform document must be text or a list, not 5',
    hint: 'For example: ["ts","nonce"].',
  },
  {
    title: 'a filter in a JSON path to ignore',
    source: 'match: { ignore: { json: ["$.a[?(@.b)]"] } }\n',
    at: '1:32',
    message: '"match.ignore.json[0]" of a transform document has a filter, ?, which is not served',
    hint: 'Name the place itself, such as $.keys[*].token.',
  },
  {
    title: 'responder without anything',
    source: 'responder:\n',
    at: '1:1',
    message: '"responder" of a transform document must be a list, not null',
    hint: 'For example: [{"extractor":"http_res_body","transforms":["jwt_resign"]}].',
  },
  {
    title: 'text in the place of a chain',
    source: 'responder:\n  - login\n',
    at: '2:5',
    message: '"responder[0]" of a transform document must be a map, not "login"',
    hint: 'For example: {"extractor":"http_res_body","transforms":["jwt_resign"]}.',
  },
  {
    title: 'a chain without an extractor',
    source: 'responder:\n  - transforms: [jwks]\n',
    at: '2:5',
    message: 'A chain lacks "extractor"',
    hint: 'For example: "http_res_body", {"http_res_header":"Set-Cookie"}.',
  },
  {
    title: 'a chain without steps',
    source: 'responder:\n  - extractor: http_res_body\n',
    at: '2:5',
    message: 'A chain lacks "transforms"',
    hint: 'For example: [{"json_path":"access_token"},"jwt_resign"].',
  },
  {
    title: 'an empty list of steps',
    source: 'responder:\n  - extractor: http_res_body\n    transforms: []\n',
    at: '3:17',
    message: '"transforms" of a chain must not be empty',
    hint: 'For example: [{"json_path":"access_token"},"jwt_resign"].',
  },
  {
    title: 'a chain that changes nothing',
    source: 'responder:\n  - extractor: http_res_body\n    transforms:\n      - json_path: access_token\n',
    at: '3:5',
    message: 'The chain changes nothing, since each of its steps only goes to a place',
    hint: 'Add a step that changes what is there, such as jwt_resign.',
  },
  {
    title: 'two chains of one id',
    source:
      'responder:\n  - { id: a, extractor: http_res_body, transforms: [jwks] }\n  - { id: a, extractor: http_res_body, transforms: [jwks] }\n',
    at: '3:11',
    message: 'The id "a" belongs to the chain on line 2 already',
    hint: 'Give each chain an id of its own.',
  },
  {
    title: 'a method with a space',
    source:
      'responder:\n  - filters: { method: P OST }\n    extractor: http_res_body\n    transforms: [jwks]\n',
    at: '2:24',
    message: '"method" of filters is not a method',
    hint: 'For example: "POST".',
  },
  {
    title: 'a path without a slash',
    source:
      'responder:\n  - filters: { path: oauth/token }\n    extractor: http_res_body\n    transforms: [jwks]\n',
    at: '2:22',
    message: '"path" of filters must begin with / or *',
    hint: 'For example: "/oauth/token", "/api/**".',
  },
  {
    title: 'a path with ** inside a segment',
    source:
      'responder:\n  - filters: { path: /api** }\n    extractor: http_res_body\n    transforms: [jwks]\n',
    at: '2:22',
    message: '"path" of filters must have ** as a segment of its own',
    hint: 'For example: "/oauth/token", "/api/**".',
  },
  {
    title: 'a URL in the place of a host',
    source:
      'responder:\n  - filters: { host: https://auth.example.com }\n    extractor: http_res_body\n    transforms: [jwks]\n',
    at: '2:22',
    message: '"host" of filters must be a host, without scheme or path',
    hint: 'For example: "auth.example.com", "*.example.com", "localhost:8080".',
  },
  {
    title: 'a status that is none',
    source: 'responder:\n  - filters: { status: 2x }\n    extractor: http_res_body\n    transforms: [jwks]\n',
    at: '2:24',
    message: '"status" of filters is neither a status code nor a class of them',
    hint: 'For example: 200, "2xx".',
  },
  {
    title: 'a status past the last',
    source:
      'responder:\n  - filters: { status: [200, 700] }\n    extractor: http_res_body\n    transforms: [jwks]\n',
    at: '2:30',
    message: '"status[1]" of filters must be 599 or less',
    hint: 'For example: 200, "2xx".',
  },
  {
    title: 'a misspelt filter',
    source:
      'responder:\n  - filters: { methd: POST }\n    extractor: http_res_body\n    transforms: [jwks]\n',
    at: '2:16',
    message: '"methd" is not a key of filters',
    hint: 'Did you mean "method"?',
  },
  {
    title: 'a filter of Speedscale that leaves out',
    source:
      'responder:\n  - filters: { filters: [{ include: false }] }\n    extractor: http_res_body\n    transforms: [jwks]\n',
    at: '2:37',
    message: '"filters[0].include" of filters must be true, not false',
    hint: 'Write filters: {method: POST, path: /oauth/token, host: auth.example.com, status: 2xx}, with what you need of it.',
  },
  {
    title: 'a criterion of Speedscale without a counterpart',
    source:
      'responder:\n  - filters: { filters: [{ include: true, operator: CONTAINS, optUrl: /x }] }\n    extractor: http_res_body\n    transforms: [jwks]\n',
    at: '2:63',
    message: '"optUrl" is not a key of "filters[0]" of filters',
    hint: 'Write filters: {method: POST, path: /oauth/token, host: auth.example.com, status: 2xx}, with what you need of it.',
  },
  {
    title: 'filters of Speedscale that OR cannot join',
    source:
      'responder:\n  - filters: { operator: OR, filters: [{ include: true, operator: IS, host: a }, { include: true, operator: IS, detectedCommand: GET }] }\n    extractor: http_res_body\n    transforms: [jwks]\n',
    at: '2:30',
    message: 'Filters of different criteria cannot be joined by OR',
    hint: 'Write filters: {method: POST, path: /oauth/token, host: auth.example.com, status: 2xx}, with what you need of it.',
  },
  {
    title: 'conditions of Speedscale',
    source:
      'responder:\n  - filters: { conditions: [] }\n    extractor: http_res_body\n    transforms: [jwks]\n',
    at: '2:16',
    message: '"conditions" is not a key of filters',
    hint: 'Write filters: {method: POST, path: /oauth/token, host: auth.example.com, status: 2xx}, with what you need of it.',
  },
  {
    title: 'a misspelt extractor',
    source: 'responder:\n  - extractor: http_res_bdy\n    transforms: [jwks]\n',
    at: '2:16',
    message: 'There is no extractor "http_res_bdy"',
    hint: 'Did you mean "http_res_body"?',
  },
  {
    title: 'a step that changes a response in a chain that begins in the request',
    source:
      'responder:\n  - extractor: { type: http_req_header, config: { name: a } }\n    transforms: [jwks]\n',
    at: '3:18',
    message: 'jwks changes a response, and the chain begins in the request',
    hint: 'Begin the chain with http_res_body or http_res_header; from a request, var_store and map learn.',
  },
  {
    title: 'a header extractor without a name',
    source: 'responder:\n  - extractor: http_res_header\n    transforms: [jwks]\n',
    at: '2:16',
    message: 'http_res_header lacks "name"',
    hint: 'For example: "Set-Cookie", "Authorization".',
  },
  {
    title: 'a header name with a space',
    source: 'responder:\n  - extractor: { http_res_header: "Set Cookie" }\n    transforms: [jwks]\n',
    at: '2:35',
    message: '"name" of http_res_header is not the name of a header field (RFC 9110 §5.1)',
    hint: 'For example: "Set-Cookie", "Authorization".',
  },
  {
    title: 'a tab as indentation',
    source: 'responder:\n\t- a\n',
    at: '2:1',
    message: 'A tab indents this line',
    hint: 'Indent with spaces.',
  },
  {
    title: 'a key twice',
    source: 'version: 1\nversion: 1\n',
    at: '2:1',
    message: 'The key "version" is written twice in one map',
    hint: 'Keep one of the two.',
  },
  {
    title: 'a tag',
    source: 'version: !ver 1\n',
    at: '1:10',
    message: 'The tag !ver is unknown',
    hint: 'Write the value without a tag.',
  },
  {
    title: 'two YAML documents',
    source: 'version: 1\n---\nversion: 1\n',
    at: '2:1',
    message: 'The file holds more than one YAML document',
    hint: 'Keep one document, and remove the line "---".',
  },
  {
    title: 'a list that is never closed',
    source: 'responder: [1\n',
    at: '2:1',
    message:
      'This is not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
    hint: 'Look at this line and at the one before it.',
  },
  {
    title: 'an unknown alias',
    source: 'match: *rules\n',
    at: '1:8',
    message: 'The alias *rules has no anchor before it',
    hint: 'Write &rules at the value that it repeats.',
  },
  {
    title: 'a number past 2^53',
    source:
      'responder:\n  - extractor: http_res_body\n    transforms:\n      - jwt_resign: { claims: { set: { id: 12345678901234567890 } } }\n',
    at: '4:44',
    message: 'The number 12345678901234567890 cannot be held exactly',
    hint: 'Write it in quotes to make it text.',
  },
  {
    title: 'the key __proto__',
    source:
      'responder:\n  - extractor: http_res_body\n    transforms:\n      - jwt_resign: { claims: { set: { __proto__: 1 } } }\n',
    at: '4:40',
    message: 'The key "__proto__" cannot be used',
    hint: 'Remove it.',
  },
  {
    title: 'aliases that multiply',
    source:
      'a: &a [x, x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\nd: [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]\n',
    at: '2:8',
    message: 'Aliases repeat the same values far too often',
    hint: 'Write the values out instead of nesting aliases.',
  },
])
