/**
 * A certificate for localhost and 127.0.0.1 that signs itself, valid for a hundred years, and its key; for test
 * servers on loopback. Made with:
 * openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout k.pem -out c.pem -days 36500
 *   -subj "/CN=neuralzoo test" -addext "subjectAltName=DNS:localhost,IP:127.0.0.1"
 */
export const TEST_CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBpTCCAUugAwIBAgIUDwhlFasMAaFLmsvttJ7FB+wiutAwCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwObmV1cmFsem9vIHRlc3QwIBcNMjYxMTI0MTY1OTIwWhgPMjEy
NjEwMzExNjU5MjBaMBkxFzAVBgNVBAMMDm5ldXJhbHpvbyB0ZXN0MFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAECoNcAZV6oc6GIqRz05EovguDWgYP/XodbARcK1oa
XPRYG1WUtk5AaU7h3a1FsLBbOlePASjt3AA/7/gU/r3Q8qNvMG0wHQYDVR0OBBYE
FAjuZB+lDX4KY7gqY9tgl2Skb/r5MB8GA1UdIwQYMBaAFAjuZB+lDX4KY7gqY9tg
l2Skb/r5MA8GA1UdEwEB/wQFMAMBAf8wGgYDVR0RBBMwEYIJbG9jYWxob3N0hwR/
AAABMAoGCCqGSM49BAMCA0gAMEUCIQDFn7F0culXq5pO9Jgb2fEKwAfAzl9+G89x
CEie9eJLBQIgRQzltziY0GAkNe8QwU6gJdc6TYfhH8UzToePFRTOq0o=
-----END CERTIFICATE-----
`;

export const TEST_KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgNnB1MGPbivOQefXp
ewk0qJ8bm036TntKY66FQXCdhGChRANCAAQKg1wBlXqhzoYipHPTkSi+C4NaBg/9
eh1sBFwrWhpc9FgbVZS2TkBpTuHdrUWwsFs6V48BKO3cAD/v+BT+vdDy
-----END PRIVATE KEY-----
`;
