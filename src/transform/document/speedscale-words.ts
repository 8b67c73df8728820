/** Speedscale's words that reseal has no step for, and what to write instead. */
export const REFUSED_STEPS: Readonly<Record<string, string>> = {
  url_encode: 'Write url_decode, which goes into the value and writes it encoded again.',
  zlib: 'Write gzip: deflate, which goes into the value and writes it compressed again.',
  json: 'Write json_path, with the path of the value.',
  xml: 'Write xml_path, with the path of the value.',
  jwt: 'Write jwt_claim to go to a claim or jwt_claims to change some, and jwt_resign behind it.',
  lower_case: 'Write set with the text in lower case.',
  upper_case: 'Write set with the text in upper case.',
  trim: 'Write replace: { regex: "^ +| +$", with: "" }.',
  http_auth: 'Requests are not changed on replay; redaction makes credentials of any user match.',
  aws_auth: 'Requests are not changed on replay, and reseal answers whatever their signature.',
  oauth_1_0: 'Requests are not changed on replay, and reseal answers whatever their signature.',
  mtls: 'Certificates are those of the listeners; see the TLS settings of reseal.',
  dlp_json: 'Redact the snapshot with reseal redact, or write json_path and mask.',
  dlp_field: 'Redact the snapshot with reseal redact, or write json_path and mask.',
  sql: 'Only HTTP is recorded.',
}

/** Speedscale's words that reseal has no extractor for, and what to write instead. */
export const REFUSED_EXTRACTORS: Readonly<Record<string, string>> = {
  session: 'Begin where the session is: http_req_header, http_req_cookie or http_req_query.',
  file: 'Write the step csv, which reads a table beside the document.',
  empty: 'Begin with http_res_body and put a value with set.',
  grpc_req_body: 'Bodies of gRPC are bytes: begin with http_req_body.',
  grpc_res_body: 'Bodies of gRPC are bytes: begin with http_res_body.',
  sql_query: 'Only HTTP is recorded.',
  tls_cert: 'Certificates are those of the listeners, and no part of a pair.',
}
